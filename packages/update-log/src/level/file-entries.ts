import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { scanBlocks } from './block-scan.ts'
import { readIfThere } from './links.ts'
import { logItems } from './log-records.ts'
import { liveFiles } from './manifest.ts'
import { blockEntries, dataBlocks, Reader } from './table.ts'

/** One write as LevelDB kept it. Of several of one key the one with the highest number counts. */
export interface Kept {
  readonly key: Uint8Array
  /** Null when the key was deleted. */
  readonly value: Uint8Array | null
  readonly sequence: number
}

export type Salvaged =
  | { readonly kind: 'kept'; readonly entry: Kept }
  /** Something that could not be read, in words for a person. */
  | { readonly kind: 'damage'; readonly what: string }

export interface DatabaseFiles {
  readonly names: readonly string[]
  readonly damage: readonly string[]
}

/**
 * The files that hold what a LevelDB folder says, oldest first. When its list of files cannot be read, all of them: what one holds is
 * numbered, so that a newer file wins over an older one that only lies about.
 */
export async function databaseFiles(directory: string): Promise<DatabaseFiles> {
  const all = (await readdir(directory)).filter((name) => /^\d+\.(ldb|sst|log)$/.test(name)).sort()
  const current = await readIfThere(join(directory, 'CURRENT'))
  const name = current === null ? '' : new TextDecoder().decode(current).trim()
  if (current === null) return { names: all, damage: all.length === 0 ? [] : ['CURRENT is missing'] }
  if (!/^MANIFEST-\d+$/.test(name)) return { names: all, damage: ['CURRENT is damaged'] }
  const manifest = await readIfThere(join(directory, name))
  if (manifest === null) return { names: all, damage: [`${name} is missing`] }
  const live = liveFiles(manifest)
  if (live === null) return { names: all, damage: [`${name} is damaged`] }
  const names = all.filter((file) =>
    file.endsWith('.log') ? numberOf(file) >= live.oldestLog : live.tables.has(numberOf(file)),
  )
  const there = new Set(names.map(numberOf))
  const missing = [...live.tables].filter((number) => !there.has(number))
  return { names, damage: missing.map((number) => `${String(number).padStart(6, '0')}.ldb is missing`) }
}

function numberOf(name: string): number {
  return Number.parseInt(name, 10)
}

/** Everything that can be read of one table or log. */
export async function* salvageFile(directory: string, name: string): AsyncGenerator<Salvaged> {
  // Not a Buffer: what is cut out of it is compared and kept.
  const file = await readFile(join(directory, name))
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength)
  yield* name.endsWith('.log') ? logEntries(name, bytes) : tableEntries(name, bytes)
}

function* tableEntries(name: string, bytes: Uint8Array): Generator<Salvaged> {
  const blocks = dataBlocks(bytes)
  if (blocks === null) {
    yield damage(`the index of ${name} is damaged`)
    for (const found of scanBlocks(bytes)) {
      if ('skipped' in found) yield damage(`${found.skipped} bytes of ${name} are damaged`)
      // Index and filter are found too; nothing in them passes for an entry of ours.
      else yield* keptIn(blockEntries(bytes, found) ?? [])
    }
    return
  }
  let broken = 0
  for (const { block, whole } of blocks) {
    const entries = whole ? blockEntries(bytes, block) : null
    if (entries === null) broken += 1
    else yield* keptIn(entries)
  }
  if (broken > 0) yield damage(`${broken} of ${blocks.length} blocks of ${name} are damaged`)
}

/** A key in a table ends with eight bytes: number and kind (0 deleted, 1 written), little-endian (db/dbformat.h). */
function* keptIn(entries: readonly { key: Uint8Array; value: Uint8Array }[]): Generator<Salvaged> {
  for (const { key, value } of entries) {
    if (key.length <= 8) continue
    const end = key.length - 8
    const kind = key[end]!
    if (kind > 1) continue
    let sequence = 0
    for (let i = key.length - 1; i > end; i -= 1) sequence = sequence * 256 + key[i]!
    yield { kind: 'kept', entry: { key: key.subarray(0, end), value: kind === 1 ? value : null, sequence } }
  }
}

/** A record of a log is a batch: number of the first write (8), how many (4), then kind, key and value of each (db/write_batch.cc). */
function* logEntries(name: string, bytes: Uint8Array): Generator<Salvaged> {
  let hole: number | null = null
  for (const item of logItems(bytes)) {
    if (item.kind === 'hole') {
      hole ??= item.at
      continue
    }
    // A torn end is what a crash leaves; a hole with something after it is damage.
    if (hole !== null) {
      yield damage(`${name} is damaged at byte ${hole}`)
      hole = null
    }
    yield* batchEntries(Buffer.concat(item.pieces))
  }
}

function* batchEntries(batch: Uint8Array): Generator<Salvaged> {
  if (batch.length < 12) return
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength)
  let sequence = Number(view.getBigUint64(0, true))
  const reader = new Reader(new Uint8Array(batch.buffer, batch.byteOffset + 12, batch.length - 12))
  while (!reader.isAtEnd) {
    const written = reader.varint() === 1
    const key = reader.bytes(reader.varint())
    const value = written ? reader.bytes(reader.varint()) : null
    yield { kind: 'kept', entry: { key, value, sequence } }
    sequence += 1
  }
}

function damage(what: string): Salvaged {
  return { kind: 'damage', what }
}
