import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@holdfast/testkit'
import { openLevelLog } from '@holdfast/update-log/level'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'
import { docOf } from './yjs.ts'

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url))
const KILLS = Number(process.env.HOLDFAST_KILLS ?? 12)

/** Lets the child work until it has acknowledged so many appends and begun so many compactions, then kills it in whatever it is doing. */
async function workAndDie(directory: string, seed: number, session: number, lines: number): Promise<string[]> {
  const child = spawn(
    process.execPath,
    ['--conditions=@holdfast/source', CHILD, directory, String(seed), String(session)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let out = ''
  let count = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    count += text.split('\n').length - 1
    if (count > lines) child.kill('SIGKILL')
  })
  await once(child, 'close')
  // The last line may be cut; it was acknowledged, but nobody was told which it is.
  return out.split('\n').slice(0, -1)
}

test(
  `U2 U10 killed ${KILLS} times while appending and compacting, everything acknowledged is there and it opens whole`,
  async () => {
    const seed = 4_242
    const random = seededRandom(seed)
    const directory = await temporaryFolder()
    const acknowledged = new Map<string, string[]>()
    let compactions = 0
    for (let session = 1; session <= KILLS; session += 1) {
      const [opened, ...lines] = await workAndDie(directory, seed + session, session, 50 + random.int(3_000))
      expect(opened, `session ${session}`).toBe('opened whole')
      for (const line of lines) {
        const [document = '', key = ''] = line.split(' ')
        if (document === 'compacted') compactions += 1
        else if (acknowledged.has(document)) acknowledged.get(document)?.push(key)
        else acknowledged.set(document, [key])
      }
      const log = await openLevelLog({ directory })
      expect(log.opened, `session ${session}`).toEqual({ created: false, renewed: null })
      for (const [document, keys] of acknowledged) {
        const loaded = await log.load({ space: 'default', document })
        const doc = docOf(...(loaded?.snapshot ? [loaded.snapshot] : []), ...(loaded?.updates ?? []))
        const map = doc.getMap('acknowledged')
        const missing = keys.filter((key) => !map.has(key))
        expect(missing, `session ${session}, seed ${seed}`).toEqual([])
        // Everything stored is complete: nothing waits for what is not there.
        expect(doc.store.pendingStructs).toBeNull()
      }
      await log.close()
    }
    expect(compactions).toBeGreaterThan(KILLS / 2)
  },
  30_000 + KILLS * 5_000,
)
