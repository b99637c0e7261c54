import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OpenedInfo } from '../types.ts'
import type { Database, OpenDatabase, Operation } from './database.ts'
import { isCorruption, named } from './faults.ts'
import { FORMAT_VERSION, type Folder, writeVersion } from './folder.ts'
import { headKey, nameKey, nameRange, namesOf } from './keys.ts'
import { cloneDatabase, readIfThere } from './links.ts'
import { withFolderLock } from './lock.ts'
import { openMark } from './mark.ts'
import { readSpaces } from './read.ts'
import { openStorage } from './storage.ts'
import { DamagedValue, decodeHead, decodeNumber, encodeSecondName, secondNameOf } from './values.ts'

/** One step from a version to the next. Killed anywhere and run again, it comes to the same. */
interface Step {
  readonly from: number
  run(database: Database): Promise<void>
}

const STEPS: readonly Step[] = [{ from: 1, run: nameEpochs }]

/**
 * Brings a folder of an older version to this one. What was there is kept beside it first, as it was, in `before-version-N`: links of
 * LevelDB's tables and copies of the rest, which cost next to nothing until the tables are rewritten.
 * @returns null when there is nothing to do
 * @throws UpdateLogError `LOCKED`, `UNWRITABLE`, `UNREADABLE`, `STORAGE_*`
 */
export async function upgradeFolder(
  folder: Folder,
  openDatabase: OpenDatabase,
  draw: () => string,
): Promise<Pick<OpenedInfo, 'upgraded' | 'renewed'> | null> {
  const { version: from, directory } = folder
  if (from >= FORMAT_VERSION) return null
  const kept = join(directory, `before-version-${FORMAT_VERSION}`)
  await withFolderLock(folder, () => keep(folder, kept))
  const mark = await openMark(folder.mark)
  let renewed: OpenedInfo['renewed'] = null
  try {
    const storage = await openStorage(folder, openDatabase, async () => mark.found, draw)
    renewed = storage.renewed
    try {
      for (const step of STEPS) if (step.from >= from) await step.run(storage.database)
      mark.note(storage.record)
    } finally {
      await storage.database.close()
    }
    await mark.close(true)
  } catch (error) {
    await mark.close(false)
    throw named(error)
  }
  await writeVersion(directory, FORMAT_VERSION)
  return { upgraded: { from, to: FORMAT_VERSION, kept }, renewed }
}

/** Whole or not at all. What an earlier try kept was taken before anything was changed, so it stays. */
async function keep(folder: Folder, kept: string): Promise<void> {
  if ((await readIfThere(join(kept, 'format'))) !== null) return
  const part = `${kept}.part`
  await rm(part, { recursive: true, force: true })
  await mkdir(part, { recursive: true, mode: 0o700 })
  await cloneDatabase(folder.log, join(part, 'log'))
  for (const name of ['mark', 'format']) {
    const bytes = await readIfThere(join(folder.directory, name))
    if (bytes !== null) await writeFile(join(part, name), bytes, { mode: 0o600 })
  }
  await rename(part, kept)
}

/** So many documents are read and written in one go. */
const BATCH = 1_000

/**
 * 1 to 2: the second name of each document says its epochs too, so that a document whose head is lost is rebuilt under its own epoch, and
 * what was purged stays refused.
 */
async function nameEpochs(database: Database): Promise<void> {
  const view = database.view()
  try {
    for (const space of await readSpaces(view)) {
      const entries = await view.range(nameRange('name', space))
      for (let at = 0; at < entries.length; at += BATCH) {
        const operations: Operation[] = []
        for (const { key, value } of entries.slice(at, at + BATCH)) {
          try {
            const number = decodeNumber(key, value)
            const place = headKey(number)
            const stored = await view.get(place)
            if (stored === undefined) continue
            const name = nameKey('nameAgain', space, namesOf(key).document)
            operations.push({
              type: 'put',
              key: name,
              value: encodeSecondName(name, secondNameOf(number, decodeHead(place, stored))),
            })
          } catch (error) {
            // A damaged document stays as it is: it is refused until it is repaired.
            if (!(error instanceof DamagedValue || isCorruption(error))) throw error
          }
        }
        if (operations.length > 0) await database.write(operations, { sync: true })
      }
    }
  } finally {
    await view.close()
  }
}
