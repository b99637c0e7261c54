import { createHash } from 'node:crypto'
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDiskBlobs } from '@holdfast/update-log/blobs'
import { openClassicLevel, openLevelLog } from '@holdfast/update-log/level'
import { type Problem, verifyFolder, verifyLog } from '@holdfast/update-log/upkeep'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { feedKey, headKey, nameKey } from '../src/level/keys.ts'
import { temporaryFolder } from './folders.ts'
import { edits } from './yjs.ts'

const ref = (document: string) => ({ space: 'default', document })

/** Three real documents, numbered 1 to 3 in the order of their names. */
async function made(): Promise<string> {
  const directory = await temporaryFolder()
  const log = await openLevelLog({ directory })
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    for (const update of edits(i + 1, 20).updates) await log.append(ref(name), update)
  }
  await log.close()
  return directory
}

/** Names and contents of all files but those that LevelDB keeps for itself. */
async function picture(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    // The lock's file is not read: that would give the lock up.
    if (entry.isFile() && entry.name !== 'LOCK') files[path] = (await readFile(path)).toString('base64')
  }
  return files
}

async function problemsOf(directory: string): Promise<readonly Problem[]> {
  await (await openDiskBlobs(join(directory, 'blobs'))).close()
  const before = await picture(directory)
  const { problems } = await verifyFolder(directory)
  expect(await picture(directory)).toEqual(before)
  return problems
}

async function change(directory: string, ...operations: ({ del: Uint8Array } | { put: Uint8Array })[]): Promise<void> {
  const database = await openClassicLevel(join(directory, 'log'))
  const writes = operations.map((each) =>
    'del' in each
      ? ({ type: 'del', key: each.del } as const)
      : ({ type: 'put', key: each.put, value: Uint8Array.of(1, 2, 3, 4, 5) } as const),
  )
  await database.write(writes, { sync: true })
  await database.close()
}

test('K3 what is missing or damaged in the log is named, and nothing is changed', async () => {
  const cases: [Parameters<typeof change>[1], string | undefined, RegExp][] = [
    [{ del: headKey(2) }, 'b', /its head is missing/],
    [{ put: headKey(2) }, 'b', /checksum does not match/],
    [{ del: nameKey('name', 'default', 'b') }, 'b', /first name is missing|two names differ/],
    [{ del: nameKey('nameAgain', 'default', 'b') }, 'b', /two names differ/],
    [{ put: feedKey('default', 2) }, undefined, /the feed is damaged at 2/],
    [{ del: feedKey('default', 2) }, 'b', /missing in the feed, at 2/],
  ]
  for (const [operation, document, what] of cases) {
    const directory = await made()
    expect(await problemsOf(directory)).toEqual([])
    await change(directory, operation)
    const problems = await problemsOf(directory)
    expect(problems).toContainEqual(
      expect.objectContaining({ what: expect.stringMatching(what), ...(document === undefined ? {} : { document }) }),
    )
  }
})

test('K3 a document that Yjs cannot make whole is named', async () => {
  const directory = await made()
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'first')
  const vector = Y.encodeStateVector(doc)
  doc.getText('text').insert(5, ' second')
  const log = await openLevelLog({ directory })
  await log.append(ref('gap'), Y.encodeStateAsUpdate(doc, vector))
  await log.append(ref('garbage'), Uint8Array.of(255, 255, 255))
  await log.close()
  expect(await problemsOf(directory)).toEqual([
    { part: 'document', ...ref('gap'), what: 'it builds on updates that are not there' },
    { part: 'document', ...ref('garbage'), what: '1 of its updates are no Yjs updates' },
  ])
})

test('K3 a lost end, a damaged file and a mark that is gone are named', async () => {
  const lost = await made()
  const [log = ''] = (await readdir(join(lost, 'log')))
    .filter((name) => /^\d+\.log$/.test(name))
    .sort()
    .reverse()
  await truncate(join(lost, 'log', log), 1_500)
  expect(await problemsOf(lost)).toContainEqual({
    part: 'history',
    what: expect.stringMatching(/ends at commit .* the mark says/),
  })

  const flipped = await made()
  const path = join(flipped, 'log', log)
  const bytes = await readFile(path)
  bytes[700] = bytes[700]! ^ 1
  await writeFile(path, bytes)
  expect(await problemsOf(flipped)).toContainEqual({
    part: 'file',
    what: expect.stringMatching(/\.log is damaged at byte/),
  })

  const unmarked = await made()
  await writeFile(join(unmarked, 'mark'), 'nonsense')
  expect(await problemsOf(unmarked)).toEqual([
    { part: 'history', what: expect.stringMatching(/mark fails its checksum/) },
  ])
})

test('K3 a blob that is not what its name says is named, also while the folder is open', async () => {
  const directory = await made()
  const content = Buffer.from('a picture')
  const hash = createHash('sha256').update(content).digest('hex')
  const blobs = await openDiskBlobs(join(directory, 'blobs'))
  const bytes = (async function* () {
    yield content
  })()
  await blobs.put({ space: 'default', hash }, 'image/png', bytes, 100, { document: 'a' })
  await blobs.close()
  expect(await problemsOf(directory)).toEqual([])
  const [path = ''] = Object.keys(await picture(directory)).filter((name) => name.endsWith(hash))
  const file = await readFile(path)
  file[file.length - 1] = file[file.length - 1]! ^ 1
  await writeFile(path, file)
  const damaged = { part: 'blob', space: 'default', blob: hash, what: 'its content is not what its name says' }
  expect(await problemsOf(directory)).toEqual([damaged])
  const log = await openLevelLog({ directory })
  const store = await openDiskBlobs(join(directory, 'blobs'))
  const verified = await verifyLog(log, store)
  expect(verified).toMatchObject({ problems: [damaged], documents: { documents: 3, updates: 60 } })
  await store.close()
  await log.close()
})
