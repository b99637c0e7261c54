/** Leaves out what is not needed for `breaks`, in ever smaller parts (Zeller's delta debugging, greedy), then makes bytes zero where that still breaks. */
export function shrink(bytes: Uint8Array, breaks: (bytes: Uint8Array) => boolean): Uint8Array {
  let best = Array.from(bytes)
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at + size <= best.length; ) {
      const without = [...best.slice(0, at), ...best.slice(at + size)]
      if (breaks(Uint8Array.from(without))) best = without
      else at += size
    }
  }
  for (let at = 0; at < best.length; at++) {
    if (best[at] === 0) continue
    const zeroed = best.with(at, 0)
    if (breaks(Uint8Array.from(zeroed))) best = zeroed
  }
  return Uint8Array.from(best)
}
