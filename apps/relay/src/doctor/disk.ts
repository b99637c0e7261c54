import { mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from '../failure.ts'
import { bytesInWords } from '../in-words.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const LITTLE_BYTES = 1e9
const TOO_LITTLE_BYTES = 64e6
const WRITES = 20
/** A relay waits for the disk before each acknowledgement; above this a person notices. */
const SLOW_MS = 20

/** How much room there is, and how long the disk takes to keep something. */
export async function checkDisk(data: string): Promise<Finding[]> {
  const folder = await existing(data)
  return [await checkRoom(folder), await checkSpeed(folder)]
}

async function checkRoom(folder: string): Promise<Finding> {
  const { bavail, bsize, blocks } = await statfs(folder)
  const free = bavail * bsize
  const found = `${bytesInWords(free)} of ${bytesInWords(blocks * bsize)} free`
  if (free < TOO_LITTLE_BYTES)
    return fail('room', found, 'Make room: a full disk refuses every write until there is some.')
  if (free < LITTLE_BYTES) return warn('room', found, 'Make room, or move the folder to a larger disk.')
  return ok('room', found)
}

async function checkSpeed(folder: string): Promise<Finding> {
  let probe: string
  try {
    probe = await mkdtemp(join(folder, 'doctor-'))
  } catch (error) {
    return fail('disk', `nothing can be written to ${folder} (${codeOf(error)})`, 'See to its owner and rights.')
  }
  try {
    const file = await open(join(probe, 'probe'), 'w', 0o600)
    const times: number[] = []
    try {
      const block = new Uint8Array(4096)
      for (let i = 0; i < WRITES; i += 1) {
        const begun = performance.now()
        await file.write(block)
        await file.sync()
        times.push(performance.now() - begun)
      }
    } finally {
      await file.close()
    }
    times.sort((a, b) => a - b)
    const [middle = 0, worst = 0] = [times[times.length >> 1], times.at(-1)]
    const found = `fsync takes ${middle.toFixed(1)} ms, at most ${worst.toFixed(1)} ms of ${WRITES}`
    if (middle < SLOW_MS) return ok('disk', found)
    return warn(
      'disk',
      found,
      'Every acknowledgement waits for it; put the folder on a faster disk (not on a network).',
    )
  } finally {
    await rm(probe, { recursive: true, force: true })
  }
}

/** The folder, or the nearest above it that is there. */
async function existing(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    try {
      await statfs(at)
      return at
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || dirname(at) === at) throw error
    }
  }
}
