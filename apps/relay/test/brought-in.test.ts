import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openAhead } from '@holdfast/update-log/ahead'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { askHere, serve, temporaryFolder } from './command.ts'
import { fill } from './content.ts'
import { connect, grown, leave } from './peer.ts'

/** As a process leaves it that was killed between showing an update and having it on the disk. */
async function leaveShown(data: string, text: string): Promise<void> {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  const ahead = await openAhead(data)
  const update = Y.encodeStateAsUpdate(doc)
  expect(ahead.write({ space: 'default', document: 'conversation', epoch: 'e1', update })).toBe(true)
  await ahead.close()
}

test('W2 what a killed relay had shown is there before the next one says that it listens', async () => {
  const data = await temporaryFolder()
  await leaveShown(data, 'seen')
  const relay = await serve(['--data', data])
  expect(relay.said().err).toContain('"event":"brought-in","updates":1,"documents":1,"stored":1,"kept":0')
  const peer = await connect(relay.ready, 'conversation')
  expect(peer.doc.getText('text').toString()).toBe('seen')
  leave(peer)
  expect((await relay.end('SIGTERM')).code).toBe(0)
  // It ended in order: nothing is left for the next.
  expect(await readdir(data)).not.toContain('ahead')
  const again = await serve(['--data', data])
  expect(again.said().err).not.toContain('brought-in')
})

test('W2 a relay that cannot write ahead says so, and shows what is on the disk', async () => {
  const data = await temporaryFolder()
  await mkdir(join(data, 'ahead'))
  const { ready, said } = await serve(['--data', data])
  expect(said().err).toContain('"event":"ahead-not-opened"')
  const [a, b] = [await connect(ready, 'conversation'), await connect(ready, 'conversation')]
  a.doc.getText('text').insert(0, 'hello')
  await grown(b.doc, 5)
  leave(a, b)
})

test('K2 a restore takes what was shown of the history before out of the way', async () => {
  const [data, to] = [await temporaryFolder(), await temporaryFolder()]
  await fill(data, 3, 10)
  await askHere('backup', '--data', data, '--to', to)
  await leaveShown(data, 'of another time')
  const { aside } = (await askHere('restore', '--from', to, '--data', data, '--replace')) as { aside: string }
  expect(await readdir(data)).not.toContain('ahead')
  expect(await readdir(aside)).toContain('ahead')
})
