import { join } from 'node:path'
import { isUpdateLogError, type UpdateLogError } from '../errors.ts'
import { databaseFiles } from '../level/file-entries.ts'
import type { Folder } from '../level/folder.ts'
import { readIfThere } from '../level/links.ts'
import { findHole } from '../level/log-records.ts'
import { mendTable } from '../level/table.ts'
import type { Problem, UpkeepOptions } from './problems.ts'

export interface CheckedFiles {
  readonly files: number
  readonly bytes: number
}

/**
 * Reads LevelDB's files and checks every checksum in them.
 * @param running a process is at work on them: its log is not looked at, and what it has removed meanwhile is no problem
 */
export async function checkFiles(
  folder: Folder,
  running: boolean,
  onProblem: (problem: Problem) => void,
  { onProgress, signal }: UpkeepOptions,
): Promise<CheckedFiles> {
  const { names, damage } = await databaseFiles(folder.log)
  if (!running) for (const what of damage) onProblem({ part: 'file', what })
  const counts = { files: 0, bytes: 0 }
  for (const [i, name] of names.entries()) {
    signal?.throwIfAborted()
    const isLog = name.endsWith('.log')
    const bytes = running && isLog ? null : await readIfThere(join(folder.log, name))
    if (bytes !== null) {
      counts.files += 1
      counts.bytes += bytes.length
      const what = isLog ? logProblem(name, bytes) : tableProblem(name, bytes)
      if (what !== null) onProblem({ part: 'file', what })
    }
    onProgress?.({ step: 'files', done: i + 1, total: names.length })
  }
  return counts
}

function logProblem(name: string, bytes: Uint8Array): string | null {
  const hole = findHole(bytes)
  return hole === null ? null : `${name} is damaged at byte ${hole}`
}

function tableProblem(name: string, bytes: Uint8Array): string | null {
  const mended = mendTable(bytes)
  if (mended.kind === 'whole') return null
  return mended.kind === 'hopeless'
    ? `the index of ${name} is damaged`
    : `${mended.blocks} blocks of ${name} are damaged`
}

/** What ends a command early is no damage. */
export function isAbout(error: unknown): error is UpdateLogError {
  return isUpdateLogError(error, 'UNREADABLE') || isUpdateLogError(error, 'DAMAGED')
}
