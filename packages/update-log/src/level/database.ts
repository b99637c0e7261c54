import { link, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { codesOf } from './faults.ts'
import type { Key, KeyRange } from './keys.ts'

export type Operation =
  | { readonly type: 'put'; readonly key: Key; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Key }

export interface Entry {
  readonly key: Key
  readonly value: Uint8Array
}

/** One consistent view, until `close`. */
export interface View {
  get(key: Key): Promise<Uint8Array | undefined>
  getMany(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]>
  /** All entries of a range, in order; from the end when `reverse`. */
  range(range: KeyRange, options?: { readonly limit?: number; readonly reverse?: boolean }): Promise<Entry[]>
  close(): Promise<void>
}

/**
 * What we ask of the storage engine. It is a seam of its own so that tests can make each call fail in turn, and lose what was not
 * fsynced.
 */
export interface Database {
  /** Synchronous, so that what it shows can be told exactly in the order of commits. */
  view(): View
  /** Writes all or nothing; with `sync` it is on the disk when it resolves. */
  write(operations: readonly Operation[], options: { readonly sync: boolean }): Promise<void>
  /** Gives back the room of what was deleted or replaced in this range. */
  reclaim(range: KeyRange): Promise<void>
  close(): Promise<void>
}

export type OpenDatabase = (directory: string) => Promise<Database>

/** Of blocks that LevelDB unpacked. What documents are made of is read once at each opening; the system keeps the files. */
const CACHE_BYTES = 1024 * 1024

const ENCODING = { keyEncoding: 'view', valueEncoding: 'view' } as const

/**
 * So few are read where they are asked for: 4 us each, of which LevelDB's own cache serves most, where a hand-over to its thread and back costs 15 us
 * of two cores and more when they are busy. Opening a small document asks for four, and for its records.
 */
const FEW_KEYS = 36

/** The binding sets room aside for as many as it is asked for, 64 bytes each, and keeps it until the iterator is collected as garbage. */
const FIRST_ENTRIES = 32
const MORE_ENTRIES = 1_000

export const openClassicLevel: OpenDatabase = async (directory) => {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(directory, { ...ENCODING, cacheSize: CACHE_BYTES })
  await level.open()
  return {
    view() {
      const snapshot = level.snapshot()
      const options = { ...ENCODING, snapshot }
      return {
        get: async (key) => level.getSync(key, options),
        async getMany(keys) {
          if (keys.length > FEW_KEYS) return await level.getMany([...keys], options)
          return keys.map((key) => level.getSync(key, options))
        },
        async range(range, { limit = -1, reverse = false } = {}) {
          const iterator = level.iterator({ ...range, ...options, limit, reverse, highWaterMarkBytes: 1 << 20 })
          const entries: Entry[] = []
          try {
            for (let size = FIRST_ENTRIES; ; size = MORE_ENTRIES) {
              const some = await iterator.nextv(size)
              if (some.length === 0) return entries
              for (const [key, value] of some) entries.push({ key, value })
            }
          } finally {
            await iterator.close()
          }
        },
        close: () => snapshot.close(),
      }
    },
    write: (operations, { sync }) => level.batch([...operations], { ...ENCODING, sync }),
    reclaim: (range) => level.compactRange(range.gte, range.lt, { keyEncoding: 'view' }),
    close: () => level.close(),
  }
}

/**
 * Whether another process has this database open, without opening it: a folder with nothing in it but the same lock file is opened in its
 * place, which fails, and how it fails is the answer.
 */
export async function isLockedElsewhere(directory: string): Promise<boolean> {
  const probe = await mkdtemp(`${directory}-probe-`)
  try {
    await link(join(directory, 'LOCK'), join(probe, 'LOCK'))
    const level = new ClassicLevel<Uint8Array, Uint8Array>(probe, { ...ENCODING, createIfMissing: false })
    await level.open()
    await level.close()
    return false
  } catch (error) {
    return codesOf(error).has('LEVEL_LOCKED')
  } finally {
    await rm(probe, { recursive: true, force: true })
  }
}
