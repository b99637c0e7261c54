import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@holdfast/testkit'
import { openDiskBlobs } from '@holdfast/update-log/blobs'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'
import { workAndDie } from './work-and-die.ts'

const CHILD = fileURLToPath(new URL('./blob-kill-child.ts', import.meta.url))
const KILLS = Number(process.env.HOLDFAST_KILLS ?? 8)
const SEED = 8_484

const title = `B13 killed ${KILLS} times while putting, releasing and sweeping: what was answered is there with its reference, and no blob is left that nobody will remove`

test(title, { timeout: 30_000 + KILLS * 5_000 }, async () => {
  const random = seededRandom(SEED)
  const directory = await temporaryFolder()
  const kept = new Map<string, string>()
  for (let session = 1; session <= KILLS; session += 1) {
    const [opened, ...lines] = await workAndDie(CHILD, directory, SEED + session, session, 20 + random.int(400))
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
