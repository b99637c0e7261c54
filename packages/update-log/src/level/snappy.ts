/**
 * Unpacks a block that LevelDB compressed (google/snappy, format_description.txt). Needed for the index blocks of tables only.
 * @returns null when it cannot be unpacked
 */
export function unsnappy(bytes: Uint8Array): Uint8Array | null {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 35 && at < bytes.length; shift += 7) {
      const byte = bytes[at++]!
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    return -1
  }
  const little = (count: number): number => {
    let value = 0
    for (let i = 0; i < count; i += 1) value += (bytes[at++] ?? 0) * 2 ** (8 * i)
    return value
  }

  const length = varint()
  // No block of ours unpacks to more; a length that rot has made must not take the memory.
  if (length < 0 || length > 64 << 20) return null
  const out = new Uint8Array(length)
  let to = 0
  while (at < bytes.length) {
    const tag = bytes[at++]!
    if ((tag & 3) === 0) {
      const short = tag >>> 2
      const count = (short < 60 ? short : little(short - 59)) + 1
      if (at + count > bytes.length || to + count > length) return null
      out.set(bytes.subarray(at, at + count), to)
      at += count
      to += count
      continue
    }
    const count = (tag & 3) === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
    const back = (tag & 3) === 1 ? (tag >>> 5) * 256 + little(1) : little((tag & 3) === 2 ? 2 : 4)
    if (back === 0 || back > to || to + count > length) return null
    // Byte by byte: what is copied may overlap what it is copied to.
    for (let i = 0; i < count; i += 1, to += 1) out[to] = out[to - back]!
  }
  return to === length ? out : null
}
