import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '@holdfast/testkit'
import type { UpdateLog } from '@holdfast/update-log'
import { openDiskBlobs } from '@holdfast/update-log/blobs'
import { openClassicLevel, openLevelLog } from '@holdfast/update-log/level'
import {
  type BackedUp,
  type BackupSource,
  backupItems,
  decodeItems,
  encodeItem,
  folderSource,
  makeBackup,
  restoreBackup,
  verifyBackup,
  verifyFolder,
  withFolder,
} from '@holdfast/update-log/upkeep'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { headKey } from '../src/level/keys.ts'
import { temporaryFolder } from './folders.ts'

const TIME = '2026-11-20T09:00:00.000Z'
const ref = (i: number) => ({ space: i % 3 === 0 ? 'other' : 'default', document: `document-${i}` })

/** A writer of one real document. */
function writer(log: UpdateLog, i: number, doc = new Y.Doc()) {
  return {
    doc,
    async write(text: string): Promise<void> {
      const before = Y.encodeStateVector(doc)
      doc.getText('text').insert(doc.getText('text').length, text)
      await log.append(ref(i), Y.encodeStateAsUpdate(doc, before), { summary: new TextEncoder().encode(text) })
    },
  }
}

async function made(documents = 12): Promise<string> {
  const directory = await temporaryFolder()
  const log = await openLevelLog({ directory })
  for (let i = 0; i < documents; i += 1) {
    const { write } = writer(log, i)
    for (let n = 0; n < 10; n += 1) await write(`${n} of ${i};`)
    if (i % 4 === 1) await log.compact(ref(i))
  }
  await log.append({ space: 'default', document: 'gone' }, Uint8Array.of(0, 0))
  await log.purge({ space: 'default', document: 'gone' })
  await log.close()
  await writeFile(join(directory, 'key'), 'a key')
  await writeFile(join(directory, 'tokens.log'), 'first\n')
  const blobs = await openDiskBlobs(join(directory, 'blobs'))
  for (const text of ['a picture', 'another']) await put(blobs, text)
  await blobs.close()
  return directory
}

async function put(blobs: Awaited<ReturnType<typeof openDiskBlobs>>, text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text)
  const hash = createHash('sha256').update(bytes).digest('hex')
  const content = (async function* () {
    yield bytes
  })()
  await blobs.put({ space: 'default', hash }, 'text/plain', content, 1_000, { document: 'document-1' })
  return hash
}

function backUp(
  directory: string,
  to: string,
  options: { keep?: number; signal?: AbortSignal } = {},
): Promise<BackedUp> {
  return withFolder(directory, (open) =>
    makeBackup(folderSource(open, ['key', 'tokens.log']), { to, keep: 7, time: TIME, ...options }),
  )
}

/** Everything that anybody can ask a folder for. */
async function contentOf(directory: string): Promise<unknown> {
  const log = await openLevelLog({ directory })
  const content: Record<string, unknown> = {}
  for (const space of await log.spaces()) {
    for (const { document } of await log.documents(space)) {
      const loaded = await log.load({ space, document })
      const { epoch, refused } = (await log.stat({ space, document }))!
      content[`${space}/${document}`] = { loaded, epoch, refused }
    }
    content[space] = (await log.feed(space, { after: 0, limit: 1_000 })).entries
  }
  await log.close()
  return content
}

async function filesOf(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile() && !/^(LOCK|LOG|LOG\.old)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

const restoring = { replace: false, stamp: 'test', lineFiles: ['tokens.log'] }

test('K5 what was backed up is restored byte for byte, under another incarnation', async () => {
  const directory = await made()
  const to = join(await temporaryFolder(), 'backup')
  const backedUp = await backUp(directory, to)
  expect(backedUp).toMatchObject({
    number: 1,
    base: null,
    documents: 13,
    newDocuments: 13,
    blobs: 2,
    newBlobs: 2,
    damaged: [],
  })
  expect(await verifyBackup(to)).toMatchObject({ problems: [], documents: 13, updates: 120, blobs: 2, backups: [1] })

  const target = join(await temporaryFolder(), 'a', 'data')
  const restored = await restoreBackup({ from: to, to: target, ...restoring })
  expect(restored).toMatchObject({
    number: 1,
    time: TIME,
    documents: 13,
    blobs: 2,
    aside: null,
    files: ['key', 'tokens.log'],
  })
  expect((await verifyFolder(target)).problems).toEqual([])
  const log = await openLevelLog({ directory: target })
  expect(log.opened).toEqual({ created: false, renewed: null })
  expect(log.incarnation).toBe(restored.incarnation)
  // Numbers that must grow over openings do.
  expect(log.openings).toBeGreaterThan(10_000)
  await expect(log.append({ space: 'default', document: 'gone' }, Uint8Array.of(1))).rejects.toMatchObject({
    code: 'PURGED',
  })
  await log.append(ref(1), Uint8Array.of(0, 0))
  await log.close()
  expect(await readFile(join(target, 'key'), 'utf8')).toBe('a key')
  const blobs = await openDiskBlobs(join(target, 'blobs'))
  expect(await blobs.totals('default')).toEqual({ count: 2, bytes: 16 })
  expect((await blobs.references('default'))[0]).toMatchObject({ document: 'document-1' })
  await blobs.close()
  // Apart from what was written just now.
  await rm(target, { recursive: true })
  await restoreBackup({ from: to, to: target, ...restoring })
  expect(await contentOf(target)).toEqual(await contentOf(directory))
})

test('K5 the next backup holds only what is new, and both can be restored', async () => {
  const directory = await made()
  const to = await temporaryFolder()
  const first = await backUp(directory, to)
  expect(await backUp(directory, to)).toMatchObject({ number: 2, base: 1, newDocuments: 0, newBytes: 0, newBlobs: 0 })
  const before = await contentOf(directory)
  const log = await openLevelLog({ directory })
  await log.append(ref(2), Y.encodeStateAsUpdate(new Y.Doc()), { summary: Uint8Array.of(1) })
  await log.append({ space: 'default', document: 'new' }, Uint8Array.of(0, 0))
  await log.compact(ref(3))
  await log.purge(ref(4))
  await log.setSummary(ref(5), Uint8Array.of(2))
  await log.close()
  const third = await backUp(directory, to)
  expect(third).toMatchObject({ number: 3, base: 2, newDocuments: 5, documents: 14 })
  expect(third.newBytes).toBeLessThan(first.newBytes / 2)
  expect((await verifyBackup(to)).problems).toEqual([])
  for (const [number, content] of [
    [2, before],
    [3, await contentOf(directory)],
  ] as const) {
    const target = await temporaryFolder()
    await restoreBackup({ from: to, to: target, number, ...restoring })
    expect(await contentOf(target)).toEqual(content)
  }
})

test('K5 what is damaged is named, and what the backup before had of it stays', async () => {
  const directory = await made()
  const to = await temporaryFolder()
  await backUp(directory, to)
  const content = await contentOf(directory)
  const damaged = await openClassicLevel(join(directory, 'log'))
  await damaged.write([{ type: 'put', key: headKey(3), value: Uint8Array.of(1, 2, 3, 4, 5) }], { sync: true })
  await damaged.close()
  const files = await filesOf(join(directory, 'blobs'))
  const blob = files.find((path) => /[0-9a-f]{64}$/.test(path))!
  await writeFile(blob, (await readFile(blob)).subarray(0, 200))
  expect(await backUp(directory, to)).toMatchObject({
    base: 1,
    documents: 13,
    blobs: 2,
    damaged: [{ document: 'document-2' }],
    missingBlobs: [{ space: 'default', hash: blob.slice(-64) }],
  })
  expect((await verifyBackup(to)).problems).toEqual([])
  const target = await temporaryFolder()
  expect(await restoreBackup({ from: to, to: target, ...restoring })).toMatchObject({ documents: 13, blobs: 2 })
  expect(await contentOf(target)).toEqual(content)
})

test('K5 a folder of another history is backed up in full', async () => {
  const directory = await made()
  const to = await temporaryFolder()
  await cp(directory, `${directory}-older`, { recursive: true })
  const log = await openLevelLog({ directory })
  await log.append(ref(2), Uint8Array.of(0, 0))
  await log.close()
  await backUp(directory, to)
  // The older copy goes on, to the same numbers with other content.
  const other = await openLevelLog({ directory: `${directory}-older` })
  for (let n = 0; n < 3; n += 1)
    await other.append(ref(2), Y.encodeStateAsUpdate(new Y.Doc()), { summary: Uint8Array.of(n) })
  await other.close()
  const second = await backUp(`${directory}-older`, to)
  expect(second).toMatchObject({ number: 2, base: null, newDocuments: 13 })
  const target = await temporaryFolder()
  await restoreBackup({ from: to, to: target, ...restoring })
  expect(await contentOf(target)).toEqual(await contentOf(`${directory}-older`))
  await rm(`${directory}-older`, { recursive: true })
})

test('K5 only so many backups are kept, with what belongs to them', async () => {
  const directory = await made(4)
  const to = await temporaryFolder()
  for (let n = 0; n < 5; n += 1) {
    const log = await openLevelLog({ directory })
    await log.append(ref(0), Uint8Array.of(0, 0))
    if (n === 2) for (let i = 0; i < 4; i += 1) await log.compact(ref(i))
    await log.close()
    await backUp(directory, to, { keep: 2 })
  }
  const { backups, problems } = await verifyBackup(to)
  expect(backups).toEqual([4, 5])
  expect(problems).toEqual([])
  await verifyBackup(to, { number: 4 })
  expect((await readdir(join(to, 'segments'))).length).toBeLessThanOrEqual(4)
  const target = await temporaryFolder()
  await restoreBackup({ from: to, to: target, number: 4, ...restoring })
})

test('K5 while twenty write, a backup of one moment: each document as it was, acknowledged before it began', async () => {
  const directory = await temporaryFolder()
  const to = await temporaryFolder()
  const log = await openLevelLog({ directory })
  const acknowledged = Array.from({ length: 20 }, () => '')
  let going = true
  const writers = acknowledged.map(async (_, i) => {
    const { write } = writer(log, i)
    for (let n = 0; going; n += 1) {
      await write(`${n};`)
      acknowledged[i] += `${n};`
      if (n % 15 === 14) await log.compact(ref(i))
    }
  })
  const source: BackupSource = {
    async *items(base) {
      const pieces = await log.snapshot(async (view, isWanted) => {
        const parts: Uint8Array[] = []
        for await (const item of backupItems(view, 2, base, null, isWanted)) parts.push(encodeItem(item))
        return parts
      })
      // In pieces of any size, as a network brings them.
      const bytes = Buffer.concat(pieces)
      const random = seededRandom(21)
      yield* decodeItems(
        (async function* () {
          for (let at = 0; at < bytes.length; ) {
            const next = at + 1 + random.int(4_000)
            yield bytes.subarray(at, next)
            at = next
          }
        })(),
      )
    },
    blob: async () => null,
    files: async () => [],
  }
  for (let n = 0; n < 4; n += 1) {
    while (acknowledged.some((text) => text.length < (n + 1) * 20)) await Promise.resolve(log.stat(ref(0)))
    const promised = [...acknowledged]
    const backedUp = await makeBackup(source, { to, keep: 7, time: TIME })
    expect(backedUp.base).toBe(n === 0 ? null : n)
    const target = await temporaryFolder()
    await restoreBackup({ from: to, to: target, ...restoring })
    const restored = await openLevelLog({ directory: target })
    for (const [i, text] of promised.entries()) {
      const loaded = (await restored.load(ref(i)))!
      const doc = new Y.Doc()
      for (const update of [...(loaded.snapshot === null ? [] : [loaded.snapshot]), ...loaded.updates])
        Y.applyUpdate(doc, update)
      expect(doc.getText('text').toString().startsWith(text)).toBe(true)
    }
    await restored.close()
  }
  going = false
  await Promise.all(writers)
  await log.close()
})

test('K2 K5 a backup that is interrupted anywhere leaves the ones before, and the next one is whole', async () => {
  const directory = await made()
  const to = await temporaryFolder()
  await backUp(directory, to)
  const log = await openLevelLog({ directory })
  for (let i = 0; i < 12; i += 1) await log.append(ref(i), Uint8Array.of(0, 0))
  await log.close()
  for (let stop = 1; stop < 15; stop += 3) {
    const controller = new AbortController()
    let steps = 0
    const interrupted = withFolder(directory, (open) =>
      makeBackup(folderSource(open, ['key']), {
        to,
        keep: 7,
        time: TIME,
        signal: controller.signal,
        onProgress: () => {
          steps += 1
          if (steps === stop) controller.abort()
        },
      }),
    )
    await expect(interrupted).rejects.toMatchObject({ name: 'AbortError' })
    expect(await verifyBackup(to)).toMatchObject({ problems: [], backups: [1] })
    expect((await readdir(join(to, 'segments'))).length).toBe(1)
  }
  expect(await backUp(directory, to)).toMatchObject({ number: 2, base: 1, newDocuments: 12 })
  const target = await temporaryFolder()
  await restoreBackup({ from: to, to: target, ...restoring })
  expect(await contentOf(target)).toEqual(await contentOf(directory))
})

test('K6 whatever is damaged in a backup is named, and nothing is restored', async () => {
  const directory = await made()
  const to = await temporaryFolder()
  await backUp(directory, to)
  const random = seededRandom(31)
  const files = (await filesOf(to)).filter((path) => !/references|space$|backup\.json/.test(path))
  for (const path of files) {
    const bytes = await readFile(path)
    const original = Buffer.from(bytes)
    const at = random.int(bytes.length)
    bytes[at] = bytes[at]! ^ (1 << random.int(8))
    await writeFile(path, bytes)
    const target = join(await temporaryFolder(), 'data')
    // In a blob's header and its type, nothing is lost that the manifest does not say too.
    const verified = await verifyBackup(to).catch((error: unknown) => error)
    const isNamed = verified instanceof Error || (verified as { problems: unknown[] }).problems.length > 0
    expect(isNamed, `${path} at ${at}`).toBe(true)
    await expect(restoreBackup({ from: to, to: target, ...restoring }), path).rejects.toMatchObject({
      code: 'BAD_BACKUP',
    })
    await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
    await writeFile(path, original)
    await rm(path)
    await expect(restoreBackup({ from: to, to: target, ...restoring }), path).rejects.toMatchObject({
      code: 'BAD_BACKUP',
    })
    await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
    await writeFile(path, original)
  }
  expect((await verifyBackup(to)).problems).toEqual([])
})

test('K6 a folder with something in it is restored into only when told to, and what was there is kept', async () => {
  const directory = await made()
  const to = await temporaryFolder()
  await backUp(directory, to)
  const target = await made(2)
  await writeFile(join(target, 'tokens.log'), 'first\nrevoked since\n')
  const before = await filesOf(target)
  await expect(restoreBackup({ from: to, to: target, ...restoring })).rejects.toMatchObject({ code: 'NOT_EMPTY' })
  expect(await filesOf(target)).toEqual(before)
  const other = await temporaryFolder()
  await writeFile(join(other, 'thesis.txt'), 'years of work')
  await expect(restoreBackup({ from: to, to: other, ...restoring, replace: true })).rejects.toMatchObject({
    code: 'NOT_EMPTY',
  })
  expect(await readdir(other)).toEqual(['thesis.txt'])

  const old = await contentOf(target)
  const restored = await restoreBackup({ from: to, to: target, ...restoring, replace: true })
  expect(restored.aside).toBe(join(target, 'before-restore-test'))
  expect(await readFile(join(target, 'tokens.log'), 'utf8')).toBe('first\nrevoked since\n')
  expect(await contentOf(restored.aside!)).toEqual(old)
  expect(await contentOf(target)).toEqual(await contentOf(directory))
})

test('K2 a restore that is interrupted before its step leaves the folder as it was', async () => {
  const directory = await made()
  const to = await temporaryFolder()
  await backUp(directory, to)
  const target = await made(2)
  const old = await contentOf(target)
  for (let stop = 1; stop < 30; stop += 7) {
    const controller = new AbortController()
    let steps = 0
    const onProgress = (): void => {
      steps += 1
      if (steps === stop) controller.abort()
    }
    const options = { from: to, to: target, ...restoring, replace: true, signal: controller.signal, onProgress }
    await expect(restoreBackup(options)).rejects.toMatchObject({ name: 'AbortError' })
    expect(await contentOf(target)).toEqual(old)
  }
})

test('K2 a step that was begun and not finished is finished by whoever opens the folder next', async () => {
  const directory = await made(3)
  const target = await made(2)
  const content = await contentOf(directory)
  // As a kill after the first moves leaves it.
  await mkdir(join(target, 'restoring'))
  await cp(join(directory, 'log'), join(target, 'restoring', 'log'), { recursive: true })
  await cp(join(directory, 'mark'), join(target, 'restoring', 'mark'))
  const moves = ['log', 'mark'].flatMap((name) => [
    { from: name, to: `aside/${name}` },
    { from: `restoring/${name}`, to: name },
  ])
  await writeFile(join(target, 'restoring', 'moves.json'), JSON.stringify(moves))
  await mkdir(join(target, 'aside'))
  await cp(join(target, 'log'), join(target, 'aside', 'log'), { recursive: true })
  await rm(join(target, 'log'), { recursive: true })
  expect(await contentOf(target)).toEqual(content)
  expect(await readdir(target)).not.toContain('restoring')
  expect(await readdir(join(target, 'aside'))).toEqual(['log', 'mark'])
})

test('K1 K5 folders that are none, in use or something else are refused', async () => {
  const directory = await made(1)
  const to = await temporaryFolder()
  await expect(backUp(join(to, 'none'), join(to, 'backup'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(verifyBackup(join(to, 'none'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(restoreBackup({ from: directory, to, ...restoring })).rejects.toMatchObject({ code: 'BAD_BACKUP' })
  await expect(backUp(directory, directory)).rejects.toMatchObject({ code: 'BAD_BACKUP' })
  await writeFile(join(to, 'thesis.txt'), '')
  await expect(backUp(directory, to)).rejects.toMatchObject({ code: 'BAD_BACKUP' })
  expect(await readdir(to)).toEqual(['thesis.txt'])
})
