import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { seededRandom } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { pack, unpack } from '../src/level/brotli.ts'

test('U1 what was packed is unpacked, small or large, dense or of one letter, and holds nothing beside it', async () => {
  const random = seededRandom(140)
  for (const size of [0, 1, 100, 20_000, 100_000, 600_000]) {
    for (const letters of [1, 256]) {
      const state = Uint8Array.from({ length: size }, () => random.int(letters))
      const unpacked = await unpack(await pack(state))
      expect(Buffer.compare(unpacked, state), `${size} bytes of ${letters} letters`).toBe(0)
      expect(unpacked.buffer.byteLength).toBe(size)
    }
  }
})

test('what zlib unpacked into is still where we let go of it', () => {
  const done: unknown = brotliDecompressSync(brotliCompressSync('kept'), { info: true })
  const { buffer, engine } = done as { buffer: Buffer; engine: { _outBuffer?: Buffer } }
  expect(buffer.toString()).toBe('kept')
  expect(engine._outBuffer?.buffer).toBe(buffer.buffer)
})
