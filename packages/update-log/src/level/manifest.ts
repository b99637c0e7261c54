import { logItems } from './log-records.ts'
import { Reader } from './table.ts'

/**
 * LevelDB's list of files (db/version_edit.cc), read for the one thing that is needed: which tables belong to the database. Others may lie
 * about half-written after a crash, and are no damage.
 * @returns null when the list itself cannot be read; LevelDB says so then
 */
export function liveTables(manifest: Uint8Array): Set<number> | null {
  return liveFiles(manifest)?.tables ?? null
}

/** As `liveTables`, with the number of the oldest log that is not in tables yet. */
export function liveFiles(manifest: Uint8Array): { tables: Set<number>; oldestLog: number } | null {
  const live = new Set<number>()
  let oldestLog = 0
  for (const item of logItems(manifest)) {
    if (item.kind === 'hole') return null
    const edit = new Reader(Buffer.concat(item.pieces))
    while (!edit.isAtEnd) {
      switch (edit.varint()) {
        case 1: // comparator
          edit.bytes(edit.varint())
          break
        case 2: // log number
          oldestLog = edit.varint()
          break
        case 3: // next file number
        case 4: // last sequence
        case 9: // previous log number
          edit.varint()
          break
        case 5: // compaction pointer: level, key
          edit.varint()
          edit.bytes(edit.varint())
          break
        case 6: // deleted file: level, number
          edit.varint()
          live.delete(edit.varint())
          break
        case 7: // new file: level, number, size, smallest key, largest key
          edit.varint()
          live.add(edit.varint())
          edit.varint()
          edit.bytes(edit.varint())
          edit.bytes(edit.varint())
          break
        default:
          return null
      }
    }
  }
  return { tables: live, oldestLog }
}
