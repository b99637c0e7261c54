import type { Chance, Clock } from './environment.ts'

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** A UUIDv7 (RFC 9562): 48 bits of time, so that ids sort by it, then 74 random bits. */
export function uuidv7(clock: Clock, random: Chance): string {
  const bytes = random.bytes(16)
  let time = clock.now()
  for (let i = 5; i >= 0; i--) {
    bytes[i] = time % 256
    time = Math.floor(time / 256)
  }
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const text = hex(bytes)
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-')
}

export function randomName(random: Chance): string {
  return hex(random.bytes(8))
}
