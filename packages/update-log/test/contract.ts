import { type CommitEvent, compactUpdates, type UpdateLog } from '@holdfast/update-log'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { docOf, edits, textOf } from './yjs.ts'

export interface ContractOptions {
  /** Opens a log on storage of its own. */
  readonly open: (options?: { readonly summaryLimit?: number }) => Promise<UpdateLog>
  /** Closes it and opens what is there now; null for a log that does not survive that. */
  readonly reopen: ((log: UpdateLog) => Promise<UpdateLog>) | null
}

const one = { space: 'default', document: 'one' }
const two = { space: 'default', document: 'two' }
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const summary = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What every update log does, whatever it keeps its bytes in. */
export function describeContract(name: string, { open, reopen }: ContractOptions): void {
  describe(name, () => {
    let log: UpdateLog

    beforeEach(async () => {
      log = await open()
    })

    afterEach(async () => {
      await log.close()
    })

    /** Runs a check on the log as it is, and again after it was closed and opened. */
    async function andAfterReopening(check: () => Promise<void>): Promise<void> {
      await check()
      if (reopen === null) return
      log = await reopen(log)
      await check()
    }

    test('U1 what was appended is loaded byte for byte, in order', async () => {
      const updates = [bytes(1, 2, 3), bytes(), bytes(255), new Uint8Array(100_000).fill(7)]
      for (const update of updates) await log.append(one, update)
      await andAfterReopening(async () => {
        const loaded = await log.load(one)
        expect(loaded?.updates).toEqual(updates)
        expect(loaded?.seq).toBe(4)
        expect(loaded?.snapshot).toBeNull()
        expect(loaded?.stats).toEqual({ snapshotBytes: 0, tailUpdates: 4, tailBytes: 100_004 })
      })
    })

    test('U1 numbers are gap-free per document in the order of the calls, however many run at once', async () => {
      const appends = Array.from({ length: 200 }, (_, i) => log.append(i % 3 === 0 ? two : one, bytes(i)))
      const seqs = (await Promise.all(appends)).map((appended) => appended.seq)
      const ofOne = seqs.filter((_, i) => i % 3 !== 0)
      const ofTwo = seqs.filter((_, i) => i % 3 === 0)
      expect(ofOne).toEqual(ofOne.map((_, i) => i + 1))
      expect(ofTwo).toEqual(ofTwo.map((_, i) => i + 1))
      await andAfterReopening(async () => {
        expect((await log.load(two))?.updates).toEqual(ofTwo.map((_, i) => bytes(i * 3)))
      })
    })

    test('U1 documents and spaces do not touch each other, also when one name begins another', async () => {
      const refs = [
        { space: 'a', document: 'b' },
        { space: 'a', document: 'bb' },
        { space: 'aa', document: 'b' },
        { space: 'ab', document: 'b' },
      ]
      for (const [i, ref] of refs.entries()) await log.append(ref, bytes(i))
      await andAfterReopening(async () => {
        for (const [i, ref] of refs.entries()) expect((await log.load(ref))?.updates).toEqual([bytes(i)])
        expect((await log.spaces()).sort()).toEqual(['a', 'aa', 'ab'])
        expect((await log.documents('a')).map(({ document }) => document).sort()).toEqual(['b', 'bb'])
      })
    })

    test('U1 what is handed out can be changed without changing what is stored', async () => {
      await log.append(one, bytes(1, 2, 3))
      const first = await log.load(one)
      first?.updates.push(bytes(9))
      expect((await log.load(one))?.updates).toEqual([bytes(1, 2, 3)])
    })

    test('U1 a document that never was is null, and its stat too', async () => {
      expect(await log.load(one)).toBeNull()
      expect(await log.stat(one)).toBeNull()
      expect(await log.documents('default')).toEqual([])
      expect(await log.spaces()).toEqual([])
    })

    test('U5 a bad name reaches nothing', async () => {
      const bad = ['', '.', '..', 'a/b', 'a\0b', '../x', 'a b', 'ü', 'x'.repeat(129), '\u202e']
      for (const name of bad) {
        await expect(log.append({ space: name, document: 'a' }, bytes(1))).rejects.toMatchObject({ code: 'BAD_NAME' })
        await expect(log.append({ space: 'a', document: name }, bytes(1))).rejects.toMatchObject({ code: 'BAD_NAME' })
        await expect(log.load({ space: 'a', document: name })).rejects.toMatchObject({ code: 'BAD_NAME' })
        await expect(log.feed(name, { after: 0, limit: 1 })).rejects.toMatchObject({ code: 'BAD_NAME' })
        await expect(log.append(one, bytes(1), { epoch: name })).rejects.toMatchObject({ code: 'BAD_NAME' })
      }
      expect(await log.spaces()).toEqual([])
      for (const name of ['x'.repeat(128), '...', '~', 'a.b_c-d']) {
        await log.append({ space: name, document: name }, bytes(1))
        expect((await log.load({ space: name, document: name }))?.updates).toEqual([bytes(1)])
      }
    })

    test('U6 a document keeps its epoch, and refuses another', async () => {
      const { epoch } = await log.append(one, bytes(1))
      expect(epoch).toMatch(/^[A-Za-z0-9._~-]{8,128}$/)
      await log.append(one, bytes(2), { epoch })
      await expect(log.append(one, bytes(3), { epoch: 'other' })).rejects.toMatchObject({ code: 'EPOCH_MISMATCH' })
      await expect(log.setSummary(one, bytes(1), { epoch: 'other' })).rejects.toMatchObject({ code: 'EPOCH_MISMATCH' })
      await expect(log.purge(one, { epoch: 'other' })).rejects.toMatchObject({ code: 'EPOCH_MISMATCH' })
      await andAfterReopening(async () => {
        expect(await log.load(one)).toMatchObject({ epoch, updates: [bytes(1), bytes(2)], seq: 2 })
      })
    })

    test('U6 a document begins under the epoch that its first writer knows it by', async () => {
      expect((await log.append(one, bytes(1), { epoch: 'known' })).epoch).toBe('known')
      expect((await log.append(two, bytes(1))).epoch).not.toBe('known')
    })

    test('U7 a purged document is gone, and its epoch stays refused', async () => {
      const { epoch } = await log.append(one, bytes(1), { summary: summary('secret') })
      await log.append(two, bytes(2))
      expect(await log.purge(one)).toMatchObject({ epoch })
      await andAfterReopening(async () => {
        expect(await log.load(one)).toBeNull()
        expect(await log.stat(one)).toMatchObject({ kind: 'purged', epoch })
        await expect(log.append(one, bytes(3))).rejects.toMatchObject({ code: 'PURGED' })
        await expect(log.append(one, bytes(3), { epoch })).rejects.toMatchObject({ code: 'PURGED' })
        await expect(log.setSummary(one, bytes(3))).rejects.toMatchObject({ code: 'PURGED' })
        await expect(log.compact(one)).rejects.toMatchObject({ code: 'PURGED' })
        expect((await log.load(two))?.updates).toEqual([bytes(2)])
        const { entries } = await log.feed('default', { after: 0, limit: 10 })
        expect(entries.find((entry) => entry.document === 'one')).toMatchObject({
          epoch,
          seq: 0,
          summary: null,
          purged: true,
        })
      })
      expect(await log.purge(one)).toMatchObject({ epoch: null })
    })

    test('U7 another epoch begins a new document, and every purged one stays refused', async () => {
      await log.append(one, bytes(1), { epoch: 'first', summary: summary('old') })
      await log.append(one, bytes(2))
      await log.purge(one)
      expect(await log.append(one, bytes(3), { epoch: 'second' })).toMatchObject({ epoch: 'second', seq: 1 })
      await log.append(one, bytes(4))
      await andAfterReopening(async () => {
        expect(await log.load(one)).toMatchObject({ epoch: 'second', updates: [bytes(3), bytes(4)], summary: null })
        await expect(log.append(one, bytes(5), { epoch: 'first' })).rejects.toMatchObject({ code: 'PURGED' })
      })
      await log.purge(one, { epoch: 'second' })
      for (const epoch of ['first', 'second']) {
        await expect(log.append(one, bytes(5), { epoch })).rejects.toMatchObject({ code: 'PURGED' })
      }
      expect(await log.append(one, bytes(6), { epoch: 'third' })).toMatchObject({ seq: 1 })
      expect((await log.load(one))?.updates).toEqual([bytes(6)])
    })

    test('U7 purging in the middle of appends takes what came before it and nothing after', async () => {
      const before = [log.append(one, bytes(1), { epoch: 'first' }), log.append(one, bytes(2))]
      const purged = log.purge(one)
      const refused = expect(log.append(one, bytes(3))).rejects.toMatchObject({ code: 'PURGED' })
      const after = [log.append(one, bytes(4), { epoch: 'second' }), log.append(one, bytes(5))]
      await Promise.all([...before, purged, refused, ...after])
      await andAfterReopening(async () => {
        expect(await log.load(one)).toMatchObject({ epoch: 'second', updates: [bytes(4), bytes(5)], seq: 2 })
      })
    })

    test('U7 what is purged under one epoch can be purged under another: that is refused from then on, too', async () => {
      // A relay that was wiped: what lived there as `first` came back as `second`, and who purged the first asks for both.
      await log.append(one, bytes(1), { epoch: 'second' })
      await expect(log.purge(one, { epoch: 'first' })).rejects.toMatchObject({ code: 'EPOCH_MISMATCH' })
      await log.purge(one, { epoch: 'second' })
      const { head } = await log.feed('default', { after: 0, limit: 10 })
      expect(await log.purge(one, { epoch: 'first' })).toEqual({ epoch: 'first', feed: head + 1 })
      for (const epoch of ['first', 'second']) {
        expect(await log.purge(one, { epoch })).toEqual({ epoch: null, feed: head + 1 })
      }
      expect(await log.purge(one)).toEqual({ epoch: null, feed: head + 1 })
      await andAfterReopening(async () => {
        for (const epoch of ['first', 'second']) {
          await expect(log.append(one, bytes(2), { epoch })).rejects.toMatchObject({ code: 'PURGED' })
        }
        // Those who had what lived last are told of that; who has the other one is refused when it asks.
        const purged = { kind: 'purged', epoch: 'second', refused: ['first', 'second'] }
        expect(await log.stat(one)).toMatchObject(purged)
        const { entries } = await log.feed('default', { after: head, limit: 10 })
        expect(entries).toMatchObject([{ document: 'one', epoch: 'second', purged: true }])
      })
      expect(await log.append(one, bytes(3), { epoch: 'third' })).toMatchObject({ epoch: 'third', seq: 1 })
      await expect(log.purge(one, { epoch: 'fourth' })).rejects.toMatchObject({ code: 'EPOCH_MISMATCH' })
    })

    test('U5 U7 what is no name is no epoch to be purged', async () => {
      await log.append(one, bytes(1))
      await log.purge(one)
      for (const epoch of ['', '..', 'a/b', 'x'.repeat(129)]) {
        await expect(log.purge(one, { epoch })).rejects.toMatchObject({ code: 'BAD_NAME' })
      }
      expect((await log.stat(one))?.refused).toHaveLength(1)
    })

    test('U7 what never was cannot be purged', async () => {
      await expect(log.purge(one)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('U8 a summary is replaced whole, with an append or alone', async () => {
      await log.append(one, bytes(1), { summary: summary('a') })
      expect((await log.load(one))?.summary).toEqual(summary('a'))
      await log.setSummary(one, summary('bb'))
      await log.append(one, bytes(2))
      await andAfterReopening(async () => {
        expect((await log.load(one))?.summary).toEqual(summary('bb'))
        const { entries } = await log.feed('default', { after: 0, limit: 10 })
        expect(entries.map((entry) => entry.summary)).toEqual([summary('bb')])
      })
    })

    test('U8 a summary over the limit is refused and changes nothing; the limit itself is not', async () => {
      await log.close()
      log = await open({ summaryLimit: 10 })
      await log.append(one, bytes(1), { summary: new Uint8Array(10) })
      const large = new Uint8Array(11)
      await expect(log.append(one, bytes(2), { summary: large })).rejects.toMatchObject({ code: 'SUMMARY_TOO_LARGE' })
      await expect(log.setSummary(one, large)).rejects.toMatchObject({ code: 'SUMMARY_TOO_LARGE' })
      expect(await log.load(one)).toMatchObject({ seq: 1, summary: new Uint8Array(10) })
      await expect(log.setSummary(two, bytes(1))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('U8 the same summary again moves nothing', async () => {
      await log.append(one, bytes(1), { summary: summary('a') })
      const { head } = await log.feed('default', { after: 0, limit: 10 })
      await log.setSummary(one, summary('a'))
      expect(await log.feed('default', { after: head, limit: 10 })).toEqual({ entries: [], head })
      await Promise.all([log.setSummary(one, summary('b')), log.setSummary(one, summary('a'))])
      expect((await log.load(one))?.summary).toEqual(summary('a'))
    })

    test('U9 the feed has one entry per document however often it changes', async () => {
      for (let i = 0; i < 50; i += 1) {
        await log.append(one, bytes(i))
        if (i % 10 === 0) await log.append(two, bytes(i))
        if (i % 7 === 0) await log.feed('default', { after: 0, limit: 10 })
      }
      await log.append({ space: 'elsewhere', document: 'three' }, bytes(1))
      await andAfterReopening(async () => {
        const { entries, head } = await log.feed('default', { after: 0, limit: 10 })
        expect(entries.map(({ document, seq }) => [document, seq])).toEqual([
          ['two', 5],
          ['one', 50],
        ])
        expect(head).toBe(entries.at(-1)?.feed)
      })
    })

    test('U9 whoever reads after head is told of what changed since, and of nothing else', async () => {
      await log.append(one, bytes(1))
      await log.append(two, bytes(1))
      const first = await log.feed('default', { after: 0, limit: 10 })
      expect(await log.feed('default', { after: first.head, limit: 10 })).toEqual({ entries: [], head: first.head })
      await log.append(one, bytes(2))
      await log.append(one, bytes(3))
      await andAfterReopening(async () => {
        const { entries } = await log.feed('default', { after: first.head, limit: 10 })
        expect(entries.map(({ document, seq }) => [document, seq])).toEqual([['one', 3]])
      })
    })

    test('U9 a page ends at its limit and the next goes on after its last entry', async () => {
      await Promise.all(
        Array.from({ length: 25 }, (_, i) => log.append({ space: 'default', document: `d${i}` }, bytes(i))),
      )
      const seen: string[] = []
      for (let after = 0; ; ) {
        const { entries } = await log.feed('default', { after, limit: 10 })
        if (entries.length === 0) break
        seen.push(...entries.map(({ document }) => document))
        after = entries.at(-1)?.feed ?? after
      }
      expect(seen.length).toBe(25)
      expect(new Set(seen).size).toBe(25)
    })

    test('U9 a cursor from another history is seen by a head below it', async () => {
      await log.append(one, bytes(1))
      const page = await log.feed('default', { after: 1_000, limit: 10 })
      expect(page.entries).toEqual([])
      expect(page.head).toBeLessThan(1_000)
      expect(await log.feed('empty', { after: 0, limit: 10 })).toEqual({ entries: [], head: 0 })
    })

    test('U9 a reader that follows the feed while it is written misses nothing', async () => {
      const last = new Map<string, number>()
      let cursor = 0
      let writing = true
      const follow = async (): Promise<void> => {
        const { entries, head } = await log.feed('default', { after: cursor, limit: 1_000 })
        for (const { document, seq } of entries) last.set(document, seq)
        cursor = head
      }
      const following = (async () => {
        while (writing) await follow()
      })()
      await Promise.all(
        Array.from({ length: 5 }, async (_, writer) => {
          for (let i = 0; i < 60; i += 1) await log.append({ space: 'default', document: `w${writer}` }, bytes(i))
        }),
      )
      writing = false
      await following
      await follow()
      expect([...last.values()]).toEqual([60, 60, 60, 60, 60])
    })

    test('U10 compacting keeps the meaning, the numbers and the summary, and collects what was deleted', async () => {
      const { updates, doc } = edits(1, 400)
      for (const update of updates) void log.append(one, update)
      await log.append(two, bytes(1), { summary: summary('two') })
      await log.setSummary(one, summary('s'))
      const before = await log.stat(one)
      const result = await log.compact(one)
      expect(result).toMatchObject({ outcome: 'compacted', through: 400 })
      expect(result.bytesAfter).toBeLessThan(result.bytesBefore)
      await andAfterReopening(async () => {
        const loaded = await log.load(one)
        expect(loaded).toMatchObject({ epoch: (before as { epoch: string }).epoch, seq: 400, updates: [] })
        expect(loaded?.summary).toEqual(summary('s'))
        expect(loaded?.stats).toEqual({ snapshotBytes: result.bytesAfter, tailUpdates: 0, tailBytes: 0 })
        expect(docOf(loaded!.snapshot!).getText('text').toString()).toBe(doc.getText('text').toString())
        expect(docOf(loaded!.snapshot!).getMap('map').toJSON()).toEqual(doc.getMap('map').toJSON())
        expect(Y.encodeStateVectorFromUpdate(loaded!.snapshot!)).toEqual(Y.encodeStateVector(doc))
      })
      const { entries } = await log.feed('default', { after: 0, limit: 10 })
      expect(entries.find(({ document }) => document === 'one')?.seq).toBe(400)
    })

    test('U10 appends that come while it compacts are kept, and compacted the next time', async () => {
      const { updates, doc } = edits(2, 300)
      for (const update of updates.slice(0, 200)) void log.append(one, update)
      await log.append(two, bytes(1))
      const compacting = log.compact(one)
      const appended = await Promise.all(updates.slice(200).map((update) => log.append(one, update)))
      await compacting
      expect(appended.at(-1)?.seq).toBe(300)
      await andAfterReopening(async () => {
        const loaded = await log.load(one)
        expect(loaded?.seq).toBe(300)
        expect(loaded?.snapshot).not.toBeNull()
        expect(textOf(loaded!.snapshot!, ...loaded!.updates)).toBe(doc.getText('text').toString())
      })
      await log.compact(one)
      const again = await log.load(one)
      expect(again?.updates).toEqual([])
      expect(textOf(again!.snapshot!)).toBe(doc.getText('text').toString())
      expect(await log.compact(one)).toMatchObject({ outcome: 'nothing-to-do' })
    })

    test('U10 what was deleted is gone from the disk', async () => {
      const doc = new Y.Doc()
      doc.on('update', (update: Uint8Array) => void log.append(one, update))
      const text = doc.getText('text')
      text.insert(0, 'kept. this is a secret. kept too.')
      text.delete(6, 18)
      await log.append(two, bytes(1))
      await log.compact(one)
      const loaded = await log.load(one)
      expect(textOf(loaded!.snapshot!)).toBe('kept. kept too.')
      expect(Buffer.from(loaded!.snapshot!).includes('secret')).toBe(false)
      expect(Y.decodeUpdate(loaded!.snapshot!).ds.clients.size).toBe(1)
    })

    test('U10 an update whose base is missing is kept for when it comes', async () => {
      const { updates, doc } = edits(3, 20)
      for (const update of [...updates.slice(0, 9), ...updates.slice(10)]) await log.append(one, update)
      await log.compact(one)
      const loaded = await log.load(one)
      expect(textOf(loaded!.snapshot!, updates[9]!)).toBe(doc.getText('text').toString())
    })

    test('U10 what cannot be compacted is refused and stays as it was', async () => {
      await log.append(one, bytes(1, 2, 3, 255, 255))
      await expect(log.compact(one)).rejects.toMatchObject({ code: 'COMPACTION_REFUSED' })
      await andAfterReopening(async () => {
        expect((await log.load(one))?.updates).toEqual([bytes(1, 2, 3, 255, 255)])
      })
      await expect(log.compact(two)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('U10 a purge while it compacts wins', async () => {
      const { updates } = edits(4, 50)
      for (const update of updates) void log.append(one, update, { epoch: 'first' })
      await log.append(two, bytes(1))
      const compacting = log.compact(one)
      await log.purge(one)
      expect((await compacting).outcome).toBe('superseded')
      expect(await log.load(one)).toBeNull()
      await log.append(one, updates[0]!, { epoch: 'second' })
      await andAfterReopening(async () => {
        expect(await log.load(one)).toMatchObject({ epoch: 'second', snapshot: null, seq: 1 })
      })
    })

    test('U10 compacting does not move the feed and is told to no listener', async () => {
      const { updates } = edits(5, 40)
      for (const update of updates) await log.append(one, update)
      const { head } = await log.feed('default', { after: 0, limit: 1 })
      const events: CommitEvent[] = []
      log.onCommit((event) => events.push(event))
      await log.compact(one)
      expect(events).toEqual([])
      expect(await log.feed('default', { after: head, limit: 1 })).toEqual({ entries: [], head })
    })

    test('U11 listeners are told of each change after it is durable, in order, until they leave', async () => {
      const told: [string, number, boolean][] = []
      const commits: number[] = []
      const stop = log.onCommit(({ commit, changes }) => {
        commits.push(commit)
        for (const { document, seq, purged } of changes) told.push([document, seq, purged])
      })
      await log.append(one, bytes(1))
      await log.append(two, bytes(1))
      await log.append(one, bytes(2))
      await log.setSummary(one, bytes(1))
      await log.purge(two)
      expect(told).toEqual([
        ['one', 1, false],
        ['two', 1, false],
        ['one', 2, false],
        ['one', 2, false],
        ['two', 0, true],
      ])
      expect(commits).toEqual([...new Set(commits)].sort((a, b) => a - b))
      stop()
      await log.append(one, bytes(3))
      expect(told.length).toBe(5)
    })

    test('U12 the incarnation stays, and is renewed when asked', async () => {
      const { incarnation } = log
      expect(incarnation).toMatch(/^[A-Za-z0-9._~-]{8,128}$/)
      await log.append(one, bytes(1))
      await andAfterReopening(async () => {
        expect(log.incarnation).toBe(incarnation)
      })
      const renewed = await log.renewIncarnation()
      expect(renewed).not.toBe(incarnation)
      await andAfterReopening(async () => {
        expect(log.incarnation).toBe(renewed)
        expect(log.opened.renewed).toBeNull()
      })
    })

    test('U14 what was submitted before close is durable, and everything after is refused', async () => {
      const appends = Array.from({ length: 50 }, (_, i) => log.append(one, bytes(i)))
      const closing = log.close()
      await expect(log.append(one, bytes(1))).rejects.toMatchObject({ code: 'CLOSED' })
      await expect(log.load(one)).rejects.toMatchObject({ code: 'CLOSED' })
      await expect(log.compact(one)).rejects.toMatchObject({ code: 'CLOSED' })
      await expect(log.feed('default', { after: 0, limit: 1 })).rejects.toMatchObject({ code: 'CLOSED' })
      await Promise.all([...appends, closing, log.close()])
      if (reopen === null) return
      log = await reopen(log)
      expect((await log.load(one))?.seq).toBe(50)
    })

    test('U15 a compacted document says what the updates say', () => {
      const { updates, doc } = edits(6, 100)
      expect(textOf(compactUpdates(updates))).toBe(doc.getText('text').toString())
    })
  })
}
