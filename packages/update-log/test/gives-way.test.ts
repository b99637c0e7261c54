import { openLevelLog } from '@holdfast/update-log/level'
import { expect, it } from 'vitest'
import { temporaryFolder } from './folders.ts'
import { edits } from './yjs.ts'

it('U2 who asks for a document again and again, there or not, lets appends go on', async () => {
  const log = await openLevelLog({ directory: await temporaryFolder() })
  const ref = { space: 'default', document: 'asked-for' }
  let isThere = false
  const appended = log.append(ref, edits(1, 1).updates[0]!).then(() => {
    isThere = true
  })
  const asks = [
    () => log.stat(ref),
    () => log.load(ref),
    () => log.stat({ ...ref, document: 'never' }),
    () => log.load({ ...ref, document: 'never' }),
  ]
  // So often that the disk is faster, were it let.
  for (let i = 0; i < 40_000 && !isThere; i += 1) await asks[i % asks.length]!()
  expect(isThere).toBe(true)
  await appended
  for (const ask of asks) {
    let hasRun = false
    const soon = setImmediate(() => {
      hasRun = true
    })
    for (let i = 0; i < 100 && !hasRun; i += 1) await ask()
    clearImmediate(soon)
    expect(hasRun).toBe(true)
  }
  await log.close()
})
