import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@holdfast/testkit'
import { openDiskBlobs } from '@holdfast/update-log/blobs'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'

const CHILD = fileURLToPath(new URL('./blob-kill-child.ts', import.meta.url))
const KILLS = Number(process.env.HOLDFAST_KILLS ?? 8)
const SEED = 8_484

async function workAndDie(directory: string, seed: number, session: number, lines: number): Promise<string[]> {
  const args = ['--conditions=@holdfast/source', CHILD, directory, String(seed), String(session)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  let count = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    count += text.split('\n').length - 1
    if (count > lines) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return out.split('\n').slice(0, -1)
}

const title = `B13 killed ${KILLS} times while putting, releasing and sweeping: what was answered is there with its reference, and no blob is left that nobody will remove`

test(title, { timeout: 30_000 + KILLS * 5_000 }, async () => {
  const random = seededRandom(SEED)
  const directory = await temporaryFolder()
  const kept = new Map<string, string>()
  for (let session = 1; session <= KILLS; session += 1) {
    const [opened, ...lines] = await workAndDie(directory, SEED + session, session, 20 + random.int(400))
    expect(opened, `session ${session}, seed ${SEED}`).toBe('opened 0')
    for (const line of lines) {
      const [did, document = '', hash = ''] = line.split(' ')
      if (did === 'put') kept.set(document, hash)
      if (did === 'releasing') kept.delete(document)
    }
    const blobs = await openDiskBlobs(directory, { now: () => Date.now() + 1 })
    expect(await readdir(join(directory, 'tmp'))).toEqual([])
    const said = new Map((await blobs.references('default')).map(({ document, hashes }) => [document, hashes]))
    for (const [document, hash] of kept) {
      expect(said.get(document), `${document}, session ${session}, seed ${SEED}`).toContain(hash)
      expect(await blobs.verify({ space: 'default', hash }), `${hash}, seed ${SEED}`).toBe('whole')
    }
    await blobs.sweep(0)
    const referred = new Set([...said.values()].flat())
    for await (const { hash } of blobs.blobs('default')) {
      expect(referred.has(hash), `${hash} is left over, session ${session}, seed ${SEED}`).toBe(true)
      expect(await blobs.verify({ space: 'default', hash })).toBe('whole')
    }
    expect(await blobs.wanted('default', 10)).toEqual([])
    await blobs.close()
  }
  expect(kept.size).toBeGreaterThan(0)
})
