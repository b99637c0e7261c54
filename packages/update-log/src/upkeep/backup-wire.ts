import { UpdateLogError } from '../errors.ts'
import type { Entry } from '../level/database.ts'
import type { BackupItem } from './backup-items.ts'
import { decodeEntries, encodeEntries } from './segment.ts'

/**
 * Backup items as bytes, for a relay that hands them to whoever writes the backup. Each is a length (4 bytes, big-endian) of JSON, the JSON, a
 * length of entries, the entries (segment.ts). JSON of `progress` and of `failed` may stand between.
 */
export function encodeItem(item: BackupItem): Uint8Array {
  const { entries = [], ...said } = item.kind === 'document' ? item : { ...item, entries: [] as readonly Entry[] }
  return frame(said, encodeEntries(entries))
}

/** Says why there is no more. */
export function encodeFailure(message: string): Uint8Array {
  return frame({ kind: 'failed', message }, new Uint8Array())
}

function frame(said: object, entries: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(said))
  const bytes = new Uint8Array(8 + json.length + entries.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, json.length)
  bytes.set(json, 4)
  view.setUint32(4 + json.length, entries.length)
  bytes.set(entries, 8 + json.length)
  return bytes
}

/** No frame is longer: a document of more does not load either. */
const LONGEST = 2 ** 31

/**
 * Reads what `encodeItem` wrote, from pieces of any size.
 * @throws UpdateLogError `STORAGE_FAILED` when the other side said so, or when it ends before the last item
 */
export async function* decodeItems(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<BackupItem> {
  const reader = new PieceReader(pieces)
  for (;;) {
    const json = await reader.take(await reader.length())
    const entries = await reader.take(await reader.length())
    const said: unknown = JSON.parse(new TextDecoder().decode(json))
    if (typeof said !== 'object' || said === null || !('kind' in said)) throw broken()
    if (said.kind === 'failed') {
      throw new UpdateLogError('STORAGE_FAILED', 'message' in said ? String(said.message) : 'The relay failed.')
    }
    const item = (said.kind === 'document' ? { ...said, entries: decodeEntries(entries) } : said) as BackupItem
    yield item
    if (item.kind === 'end') return
  }
}

class PieceReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #held: Uint8Array[] = []
  #bytes = 0

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  async length(): Promise<number> {
    const bytes = await this.take(4)
    const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    if (length > LONGEST) throw broken()
    return length
  }

  async take(count: number): Promise<Uint8Array> {
    while (this.#bytes < count) {
      const next = await this.#pieces.next()
      if (next.done === true) throw broken()
      this.#held.push(next.value)
      this.#bytes += next.value.length
    }
    const all = this.#held.length === 1 ? this.#held[0]! : new Uint8Array(Buffer.concat(this.#held))
    this.#held = [all.subarray(count)]
    this.#bytes -= count
    return all.subarray(0, count)
  }
}

function broken(): UpdateLogError {
  return new UpdateLogError('STORAGE_FAILED', 'The relay stopped in the middle of the backup; try again.')
}
