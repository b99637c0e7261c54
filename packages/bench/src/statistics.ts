/** The value below which the share `p` (0 to 1) of `values` lies, interpolated between neighbours. `values` need no order. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new RangeError('no values')
  if (!(p >= 0 && p <= 1)) throw new RangeError(`a percentile is a share between 0 and 1, not ${p}`)
  const sorted = values.toSorted((a, b) => a - b)
  const place = p * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  const high = sorted[Math.ceil(place)]!
  return low + (high - low) * (place - below)
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), least: percentile(values, 0), most: percentile(values, 1) }
}
