import { fileURLToPath } from 'node:url'
import { seededRandom } from '@holdfast/testkit'
import type { UpdateLog } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'
import { workAndDie } from './work-and-die.ts'
import { docOf } from './yjs.ts'

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url))
const KILLS = Number(process.env.HOLDFAST_KILLS ?? 12)
const SEED = 4_242

async function missingOf(log: UpdateLog, document: string, keys: readonly string[]): Promise<string[]> {
  const loaded = await log.load({ space: 'default', document })
  const doc = docOf(...(loaded?.snapshot ? [loaded.snapshot] : []), ...(loaded?.updates ?? []))
  // Everything stored is complete: nothing waits for what is not there.
  expect(doc.store.pendingStructs).toBeNull()
  const map = doc.getMap('acknowledged')
  return keys.filter((key) => !map.has(key))
}

const title = `U2 U10 killed ${KILLS} times while appending and compacting, all that was acknowledged is there, and it opens whole`

test(title, { timeout: 30_000 + KILLS * 5_000 }, async () => {
  const random = seededRandom(SEED)
  const directory = await temporaryFolder()
  const acknowledged = new Map<string, string[]>()
  let compactions = 0
  for (let session = 1; session <= KILLS; session += 1) {
    const touched = new Set<string>()
    // However slow the machine, in every fourth life something was compacted; in the others it dies wherever it is by then.
    const awaited = session % 4 === 0 ? 'compacted ' : ''
    const most = 50 + random.int(3_000)
    const [opened, ...lines] = await workAndDie(CHILD, directory, SEED + session, session, most, awaited)
    expect(opened, `session ${session}`).toBe('opened whole')
    for (const line of lines) {
      const [document = '', key = ''] = line.split(' ')
      if (document === 'compacted') compactions += 1
      else {
        touched.add(document)
        if (!acknowledged.has(document)) acknowledged.set(document, [])
        acknowledged.get(document)?.push(key)
      }
    }
    const log = await openLevelLog({ directory })
    expect(log.opened, `session ${session}`).toEqual({ created: false, renewed: null })
    for (const document of session === KILLS ? acknowledged.keys() : touched) {
      const missing = await missingOf(log, document, acknowledged.get(document) ?? [])
      expect(missing, `session ${session}, seed ${SEED}, ${document}`).toEqual([])
    }
    await log.close()
  }
  expect(compactions).toBeGreaterThanOrEqual(Math.floor(KILLS / 4))
})
