import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../failure.ts'
import { type Finding, ok, warn } from './finding.ts'

const AHEAD_MS = 2 * 60_000
/** Before this program was written. */
const EARLIEST = Date.UTC(2026, 0, 1)

/** Whether the clock can be right: it is not before what was written here last. */
export async function checkClock(data: string, now: number): Promise<Finding[]> {
  const shown = new Date(now).toISOString()
  if (now < EARLIEST) return [warn('clock', `it says ${shown}`, 'Set it: tokens and times of messages go by it.')]
  const newest = await newestIn(data)
  if (newest > now + AHEAD_MS) {
    const then = new Date(newest).toISOString()
    return [
      warn(
        'clock',
        `it says ${shown}, but files here were written at ${then}`,
        'Set it, and keep it by NTP: tokens go by it.',
      ),
    ]
  }
  return [ok('clock', shown)]
}

async function newestIn(data: string): Promise<number> {
  let newest = 0
  for (const folder of [data, join(data, 'log')]) {
    for (const name of await namesIn(folder)) {
      const found = await stat(join(folder, name)).catch(() => null)
      newest = Math.max(newest, found?.mtimeMs ?? 0)
    }
  }
  return newest
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(codeOf(error) ?? '')) return []
    throw error
  }
}
