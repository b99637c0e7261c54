import { expect, test } from 'vitest'
import { crc32, crc32c, crc32InJs } from '../src/level/crc32.ts'

const check = new TextEncoder().encode('123456789')

test('U4 the checksums are the ones of the standards', () => {
  // The check values of the CRC catalogue (reveng.sourceforge.io).
  expect(crc32(check)).toBe(0xcbf43926)
  expect(crc32InJs(check)).toBe(0xcbf43926)
  expect(crc32c(check)).toBe(0xe3069283)
  expect(crc32(new Uint8Array())).toBe(0)
})

test('U4 a checksum goes on from one piece to the next, natively and not', () => {
  for (let cut = 0; cut <= 9; cut += 1) {
    expect(crc32(check.subarray(cut), crc32(check.subarray(0, cut)))).toBe(0xcbf43926)
    expect(crc32InJs(check.subarray(cut), crc32InJs(check.subarray(0, cut)))).toBe(0xcbf43926)
  }
})
