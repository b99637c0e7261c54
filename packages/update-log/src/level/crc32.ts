import * as zlib from 'node:zlib'

/** Reflected CRC tables of eight slices each, so that the JS version reads eight bytes at a step. */
function tables(polynomial: number): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    return crc >>> 0
  })
  const all = [first]
  for (let slice = 1; slice < 8; slice += 1) {
    const previous = all[slice - 1]!
    all.push(Uint32Array.from(previous, (crc) => (crc >>> 8) ^ first[crc & 255]!))
  }
  return all
}

function crcWith(polynomial: number): (bytes: Uint8Array, start?: number) => number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables(polynomial) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  return (bytes, start = 0) => {
    let crc = ~start >>> 0
    let i = 0
    const stop = bytes.length - 7
    for (; i < stop; i += 8) {
      crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
      crc =
        t7[crc & 255]! ^
        t6[(crc >>> 8) & 255]! ^
        t5[(crc >>> 16) & 255]! ^
        t4[crc >>> 24]! ^
        t3[bytes[i + 4]!]! ^
        t2[bytes[i + 5]!]! ^
        t1[bytes[i + 6]!]! ^
        t0[bytes[i + 7]!]!
    }
    for (; i < bytes.length; i += 1) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 255]!
    return ~crc >>> 0
  }
}

/** CRC-32 (IEEE 802.3) without the platform's help. `start` is the checksum of what came before. */
export const crc32InJs = crcWith(0xedb88320)

/** CRC-32C (Castagnoli), which LevelDB puts into its log. */
export const crc32c = crcWith(0x82f63b78)

/** CRC-32 (IEEE 802.3). Node has a native one since 20.15 and 22.2. */
export const crc32: (bytes: Uint8Array, start?: number) => number =
  typeof zlib.crc32 === 'function' ? (bytes, start = 0) => zlib.crc32(bytes, start) : crc32InJs

/** LevelDB stores checksums masked (util/crc32c.h), because it computes some over data that holds some. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
