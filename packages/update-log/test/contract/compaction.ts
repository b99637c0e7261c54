import { type CommitEvent, compactUpdates } from '@holdfast/update-log'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { docOf, edits, textOf } from '../yjs.ts'
import { bytes, type OpenedLog, one, summary, two } from './opened.ts'

/** What compacting keeps, and what it takes away. */
export function testCompaction(opened: OpenedLog): void {
  test('U10 compacting keeps the meaning, the numbers and the summary, and collects what was deleted', async () => {
    const { updates, doc } = edits(1, 400)
    for (const update of updates) void opened.log.append(one, update)
    await opened.log.append(two, bytes(1), { summary: summary('two') })
    await opened.log.setSummary(one, summary('s'))
    const before = await opened.log.stat(one)
    const result = await opened.log.compact(one)
    expect(result).toMatchObject({ outcome: 'compacted', through: 400 })
    expect(result.bytesAfter).toBeLessThan(result.bytesBefore)
    await opened.andAgain(async () => {
      const loaded = await opened.log.load(one)
      expect(loaded).toMatchObject({ epoch: (before as { epoch: string }).epoch, seq: 400, updates: [] })
      expect(loaded?.summary).toEqual(summary('s'))
      expect(loaded?.stats).toEqual({ snapshotBytes: result.bytesAfter, tailUpdates: 0, tailBytes: 0 })
      expect(docOf(loaded!.snapshot!).getText('text').toString()).toBe(doc.getText('text').toString())
      expect(docOf(loaded!.snapshot!).getMap('map').toJSON()).toEqual(doc.getMap('map').toJSON())
      expect(Y.encodeStateVectorFromUpdate(loaded!.snapshot!)).toEqual(Y.encodeStateVector(doc))
    })
    const { entries } = await opened.log.feed('default', { after: 0, limit: 10 })
    expect(entries.find(({ document }) => document === 'one')?.seq).toBe(400)
  })

  test('U10 appends that come while it compacts are kept, and compacted the next time', async () => {
    const { updates, doc } = edits(2, 300)
    for (const update of updates.slice(0, 200)) void opened.log.append(one, update)
    await opened.log.append(two, bytes(1))
    const compacting = opened.log.compact(one)
    const appended = await Promise.all(updates.slice(200).map((update) => opened.log.append(one, update)))
    await compacting
    expect(appended.at(-1)?.seq).toBe(300)
    await opened.andAgain(async () => {
      const loaded = await opened.log.load(one)
      expect(loaded?.seq).toBe(300)
      expect(loaded?.snapshot).not.toBeNull()
      expect(textOf(loaded!.snapshot!, ...loaded!.updates)).toBe(doc.getText('text').toString())
    })
    await opened.log.compact(one)
    const again = await opened.log.load(one)
    expect(again?.updates).toEqual([])
    expect(textOf(again!.snapshot!)).toBe(doc.getText('text').toString())
    expect(await opened.log.compact(one)).toMatchObject({ outcome: 'nothing-to-do' })
  })

  test('U10 what was deleted is gone from the disk', async () => {
    const doc = new Y.Doc()
    doc.on('update', (update: Uint8Array) => void opened.log.append(one, update))
    const text = doc.getText('text')
    text.insert(0, 'kept. this is a secret. kept too.')
    text.delete(6, 18)
    await opened.log.append(two, bytes(1))
    await opened.log.compact(one)
    const loaded = await opened.log.load(one)
    expect(textOf(loaded!.snapshot!)).toBe('kept. kept too.')
    expect(Buffer.from(loaded!.snapshot!).includes('secret')).toBe(false)
    expect(Y.decodeUpdate(loaded!.snapshot!).ds.clients.size).toBe(1)
  })

  test('U10 an update whose base is missing is kept for when it comes', async () => {
    const { updates, doc } = edits(3, 20)
    for (const update of [...updates.slice(0, 9), ...updates.slice(10)]) await opened.log.append(one, update)
    await opened.log.compact(one)
    const loaded = await opened.log.load(one)
    expect(textOf(loaded!.snapshot!, updates[9]!)).toBe(doc.getText('text').toString())
  })

  test('U10 what cannot be compacted is refused and stays as it was', async () => {
    await opened.log.append(one, bytes(1, 2, 3, 255, 255))
    await expect(opened.log.compact(one)).rejects.toMatchObject({ code: 'COMPACTION_REFUSED' })
    await opened.andAgain(async () => {
      expect((await opened.log.load(one))?.updates).toEqual([bytes(1, 2, 3, 255, 255)])
    })
    await expect(opened.log.compact(two)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('U10 a purge while it compacts wins', async () => {
    const { updates } = edits(4, 50)
    for (const update of updates) void opened.log.append(one, update, { epoch: 'first' })
    await opened.log.append(two, bytes(1))
    const compacting = opened.log.compact(one)
    await opened.log.purge(one)
    expect((await compacting).outcome).toBe('superseded')
    expect(await opened.log.load(one)).toBeNull()
    await opened.log.append(one, updates[0]!, { epoch: 'second' })
    await opened.andAgain(async () => {
      expect(await opened.log.load(one)).toMatchObject({ epoch: 'second', snapshot: null, seq: 1 })
    })
  })

  test('U10 compacting does not move the feed and is told to no listener', async () => {
    const { updates } = edits(5, 40)
    for (const update of updates) await opened.log.append(one, update)
    const { head } = await opened.log.feed('default', { after: 0, limit: 1 })
    const events: CommitEvent[] = []
    opened.log.onCommit((event) => events.push(event))
    await opened.log.compact(one)
    expect(events).toEqual([])
    expect(await opened.log.feed('default', { after: head, limit: 1 })).toEqual({ entries: [], head })
  })

  test('U15 a compacted document says what the updates say', () => {
    const { updates, doc } = edits(6, 100)
    expect(textOf(compactUpdates(updates))).toBe(doc.getText('text').toString())
  })
}
