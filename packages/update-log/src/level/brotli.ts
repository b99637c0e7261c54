import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, brotliDecompressSync, constants } from 'node:zlib'
import { codesOf } from './faults.ts'

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)

/** Brotli at quality 5 takes a seventh of the room of a typical conversation's state (decision 0032). */
export async function pack(state: Uint8Array): Promise<Uint8Array> {
  const bytes = await compress(state, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: state.byteLength },
  })
  return plain(bytes)
}

/** What is smaller is unpacked where it is wanted: 50 us for a conversation of 20 messages, of which a hand-over to a thread would be 90 more. */
const SMALL = 32 * 1024
/** Unless it grows beyond this: what clients wrote may be made so that it does. */
const GROWN = 512 * 1024
/** Usual states grow to 3 to 5 times. */
const GROWTH = 5
const LEAST_CHUNK = 16 * 1024
const MOST_CHUNK = 4 * 1024 * 1024

/** @throws what zlib throws when it is not what `pack` made */
export async function unpack(bytes: Uint8Array): Promise<Uint8Array> {
  // In one piece if it can be: each chunk is a round trip to the thread pool.
  const chunkSize = Math.min(MOST_CHUNK, Math.max(LEAST_CHUNK, bytes.length * GROWTH))
  if (bytes.length <= SMALL) {
    try {
      return exactly(unpackHere(bytes, chunkSize))
    } catch (error) {
      if (!codesOf(error).has('ERR_BUFFER_TOO_LARGE')) throw error
    }
  }
  return exactly(await decompress(bytes, { chunkSize }))
}

/**
 * Node keeps what zlib wrote into with the object that did it, and such objects until a collection of everything: a thousand documents
 * opened one after another were 40 MB of it. So the object is asked for, and made to let go.
 */
function unpackHere(bytes: Uint8Array, chunkSize: number): Buffer {
  const done: unknown = brotliDecompressSync(bytes, { chunkSize, maxOutputLength: GROWN, info: true })
  const { buffer, engine } = done as { buffer: Buffer; engine: { _outBuffer?: unknown } }
  engine._outBuffer = null
  return buffer
}

function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Without the rest of the chunk that it came in, which would be kept with it. */
function exactly(bytes: Buffer): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? plain(bytes) : plain(bytes).slice()
}
