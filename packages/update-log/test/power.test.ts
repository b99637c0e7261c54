import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Random, seededRandom } from '@holdfast/testkit'
import { inlineCompactor } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { expect, test } from 'vitest'

const SEED = 31
const CUTS = 60
const DOCUMENTS = 4
const SECTOR = 512

const ref = (i: number) => ({ space: 'default', document: `d${i}` })
const update = (i: number, n: number): Uint8Array => new TextEncoder().encode(`${n} of ${i}, `.repeat(1 + (n % 40)))

/** What was certain at one commit: how long LevelDB's newest log was, and how far each document had come. */
interface Certain {
  readonly name: string
  readonly length: number
  readonly seqs: ReadonlyMap<string, number>
  readonly mark: Uint8Array
}

function newestLog(directory: string): string {
  return (
    readdirSync(join(directory, 'log'))
      .filter((name) => /^\d+\.log$/.test(name))
      .sort()
      .at(-1) ?? ''
  )
}

/** What came after `certain` bytes is cut, zeroed or garbled, sector by sector. */
function torn(bytes: Uint8Array, certain: number, random: Random): Uint8Array {
  const end = certain + random.int(bytes.length - certain + 1)
  const found = bytes.slice(0, end)
  for (let at = Math.ceil(certain / SECTOR) * SECTOR; at < end; at += SECTOR) {
    const way = random.int(4)
    if (way === 0) found.fill(0, at, Math.min(at + SECTOR, end))
    else if (way === 1) found.set(random.bytes(Math.min(SECTOR, end - at)), at)
  }
  return found
}

test('U2 U12 what LevelDB had written and not synced is lost or torn: all that was durable is there', async () => {
  const random = seededRandom(SEED)
  const place = mkdtempSync(join(tmpdir(), 'holdfast-power-'))
  const directory = join(place, 'data')
  const log = await openLevelLog({ directory, compactor: inlineCompactor })
  const commits: Certain[] = []
  const seqs = new Map<string, number>()
  // No commit is under way in a listener: everything in the log is certain then.
  log.onCommit(({ changes }) => {
    for (const { document, seq } of changes) seqs.set(document, seq)
    const name = newestLog(directory)
    const { size: length } = statSync(join(directory, 'log', name))
    commits.push({ name, length, seqs: new Map(seqs), mark: readFileSync(join(directory, 'mark')) })
  })
  const write = async (i: number): Promise<void> => {
    for (let n = 0; n < 60; n += 1) await log.append(ref(i), update(i, n))
  }
  await Promise.all(Array.from({ length: DOCUMENTS }, (_, i) => write(i)))
  // As the machine is at the last commit: still running.
  const whole = join(place, 'whole')
  cpSync(directory, whole, { recursive: true })
  await log.close()
  const last = commits.at(-1)!
  const here = commits.filter(({ name }) => name === last.name)
  for (let cut = 0; cut < CUTS; cut += 1) {
    const at = random.int(here.length - 1)
    const certain = here[at]!
    // One commit is under way at a time: what came later was not begun yet.
    const begun = here[at + 1]!.length
    const found = join(place, 'found')
    rmSync(found, { recursive: true, force: true })
    cpSync(whole, found, { recursive: true })
    const path = join(found, 'log', last.name)
    writeFileSync(path, torn(readFileSync(path).subarray(0, begun), certain.length, random))
    // The mark is synced seldom: any that was written by then may be found.
    writeFileSync(join(found, 'mark'), random.pick(here.slice(0, at + 1)).mark)
    const again = await openLevelLog({ directory: found, compactor: inlineCompactor })
    for (let i = 0; i < DOCUMENTS; i += 1) {
      const loaded = await again.load(ref(i))
      const owed = certain.seqs.get(`d${i}`) ?? 0
      expect(loaded?.seq ?? 0, `seed ${SEED}, cut ${cut}, d${i}`).toBeGreaterThanOrEqual(owed)
      expect(loaded?.updates ?? []).toEqual((loaded?.updates ?? []).map((_, n) => update(i, n)))
    }
    await again.append(ref(0), Uint8Array.of(1))
    await again.close()
  }
  rmSync(place, { recursive: true, force: true })
})
