/**
 * A set of clocks as half-open ranges in one flat list: `[from, to, from, to, ...]`, ascending, no two touching. What a
 * delete set is per client.
 */
export type Ranges = number[]

/** The index (even) of the first range that ends at or after `clock`; `ranges.length` when none does. */
function firstEndingAtOrAfter(ranges: Ranges, clock: number): number {
  let low = 0
  let high = ranges.length / 2
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ranges[middle * 2 + 1]! < clock) low = middle + 1
    else high = middle
  }
  return low * 2
}

/** Whether all of `[from, to)` is in the set. */
export function containsRange(ranges: Ranges, from: number, to: number): boolean {
  if (from >= to) return true
  const at = firstEndingAtOrAfter(ranges, to)
  return at < ranges.length && ranges[at]! <= from
}

/** Whether any of `[from, to)` is in the set. */
export function overlapsRange(ranges: Ranges, from: number, to: number): boolean {
  const at = firstEndingAtOrAfter(ranges, from + 1)
  return from < to && at < ranges.length && ranges[at]! < to
}

/** Adds the parts of `[from, to)` that are not in the set to `result`, which stays a set if it ended before `from`. */
export function subtractInto(result: Ranges, ranges: Ranges, from: number, to: number): void {
  let start = from
  for (let at = firstEndingAtOrAfter(ranges, from + 1); at < ranges.length && start < to; at += 2) {
    if (ranges[at]! >= to) break
    if (ranges[at]! > start) result.push(start, ranges[at]!)
    start = ranges[at + 1]!
  }
  if (start < to) result.push(start, to)
}

/** Adds `[from, to)` to the set. */
export function addRange(ranges: Ranges, from: number, to: number): void {
  if (from >= to) return
  const size = ranges.length
  if (size === 0 || ranges[size - 1]! < from) {
    ranges.push(from, to)
    return
  }
  const first = firstEndingAtOrAfter(ranges, from)
  let last = first
  let start = from
  let end = to
  while (last < size && ranges[last]! <= to) {
    start = Math.min(start, ranges[last]!)
    end = Math.max(end, ranges[last + 1]!)
    last += 2
  }
  ranges.splice(first, last - first, start, end)
}

/** The union of two sets, in time linear in both. */
export function unionRanges(a: Ranges, b: Ranges): Ranges {
  const result: Ranges = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const takeA = j >= b.length || (i < a.length && a[i]! <= b[j]!)
    const from = takeA ? a[i]! : b[j]!
    const to = takeA ? a[i + 1]! : b[j + 1]!
    if (takeA) i += 2
    else j += 2
    const last = result.length - 1
    if (last > 0 && result[last]! >= from) result[last] = Math.max(result[last]!, to)
    else result.push(from, to)
  }
  return result
}

/** Makes a set of ranges that came in any order, overlapping or empty. */
export function toRanges(flat: readonly number[]): Ranges {
  const result: Ranges = []
  let sorted = true
  for (let i = 2; i < flat.length && sorted; i += 2) sorted = flat[i]! > flat[i - 1]! && flat[i - 1]! > flat[i - 2]!
  if (sorted && (flat.length === 0 || flat[flat.length - 1]! > flat[flat.length - 2]!)) return flat.slice()
  const pairs: [number, number][] = []
  for (let i = 0; i < flat.length; i += 2) if (flat[i]! < flat[i + 1]!) pairs.push([flat[i]!, flat[i + 1]!])
  pairs.sort((x, y) => x[0] - y[0])
  for (const [from, to] of pairs) {
    const last = result.length - 1
    if (last > 0 && result[last]! >= from) result[last] = Math.max(result[last]!, to)
    else result.push(from, to)
  }
  return result
}
