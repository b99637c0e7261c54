/** Several byte arrays in one buffer of their own, to be handed between threads without their backing stores. */
export interface Packed {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where each one ends. */
  readonly ends: Float64Array<ArrayBuffer>
}

export function pack(arrays: readonly Uint8Array[]): Packed {
  const ends = new Float64Array(arrays.length)
  let size = 0
  arrays.forEach((array, i) => {
    size += array.length
    ends[i] = size
  })
  const bytes = new Uint8Array(size)
  arrays.forEach((array, i) => {
    bytes.set(array, ends[i]! - array.length)
  })
  return { bytes, ends }
}

/** Views of what was packed. */
export function unpack({ bytes, ends }: Packed): Uint8Array[] {
  return Array.from(ends, (end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
}
