import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { compactUpdates } from '../src/merge.ts'
import { type Persistence, PersistenceError, type PersistenceHandle } from '../src/persistence/port.ts'
import { isWaiting } from '../src/persistence/records.ts'

export interface Harness {
  readonly persistence: Persistence
  /** From now on (until told otherwise) every transaction that writes fails half way through. */
  breakWrites?(broken: boolean): void
  /** Deletes the storage while handles are open. */
  destroy?(): Promise<void>
  cleanUp(): Promise<void>
}

const NOTE = { conversation: 'a', message: 'm', startedAt: 5 }

/** Updates of one document, each building on the one before. */
export function updatesOf(texts: readonly string[]): Uint8Array[] {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  for (const text of texts) doc.getText('t').insert(doc.getText('t').length, text)
  return updates
}

/** An update of a document of its own that names a blob. */
export function updateNaming(sha256: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getMap('t').set('blob', { sha256, size: 1 })
  return Y.encodeStateAsUpdate(doc)
}

export function textOf(updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc.getText('t').toString()
}

/**
 * What every persistence must do. Where one declares in its capabilities that it cannot, the same title says so and the
 * test shows what happens instead, so that nothing is skipped in silence.
 */
export function persistenceContract(make: () => Promise<Harness>, capabilities: Persistence['capabilities']): void {
  const harnesses: Harness[] = []
  const handles: PersistenceHandle[] = []
  const prepare = async (): Promise<Harness & { open(): Promise<PersistenceHandle> }> => {
    const harness = await make()
    harnesses.push(harness)
    const open = async (): Promise<PersistenceHandle> => {
      const handle = await harness.persistence.open()
      handles.push(handle)
      return handle
    }
    return { ...harness, open }
  }
  afterEach(async () => {
    for (const handle of handles.splice(0)) await handle.close()
    for (const harness of harnesses.splice(0)) await harness.cleanUp()
  })
  const unless = (capable: boolean, title: string): string =>
    capable ? title : `${title} — declared as not held: shown as it is`

  describe('persistence contract', () => {
    test('P1 the capabilities are the ones that the suite was told', async () => {
      expect((await prepare()).persistence.capabilities).toEqual(capabilities)
    })

    test('P2 what a resolved write brought is read back, by this handle, by another and after reopening', async () => {
      const { open } = await prepare()
      const first = await open()
      const updates = updatesOf(['one ', 'two ', 'three'])
      await first.write({ documents: [{ id: 'a', updates: updates.slice(0, 1), local: true }] })
      await first.write({ documents: [{ id: 'a', updates: updates.slice(1), local: true }] })
      expect(textOf((await first.load('a'))?.updates ?? [])).toBe('one two three')
      await first.close()
      const second = await open()
      expect(textOf((await second.load('a'))?.updates ?? [])).toBe('one two three')
      expect(await second.load('never-written')).toBeNull()
    })

    test(
      unless(
        capabilities.exactRows,
        'P3 rows are what was written, numbered from 1 without gaps, and can be read from a number on',
      ),
      async () => {
        const { open } = await prepare()
        const handle = await open()
        const updates = updatesOf(['one ', 'two ', 'three'])
        await handle.write({ documents: [{ id: 'a', updates: updates.slice(0, 2), local: true }] })
        const [record] = await handle.write({ documents: [{ id: 'a', updates: updates.slice(2), local: false }] })
        expect(record).toMatchObject({ id: 'a', last: 3, edited: 2, sent: 0 })
        const later = await handle.load('a', 2)
        if (capabilities.exactRows) {
          expect(record?.rows).toBe(3)
          expect((await handle.load('a'))?.updates.map((row) => [...row])).toEqual(updates.map((row) => [...row]))
          expect(later?.updates.map((row) => [...row])).toEqual([[...updates[2]!]])
        } else {
          // It may merge and repeat rows, but what is read from a number on holds at least what came after it.
          expect(textOf(later?.updates ?? [])).toBe('one two three')
        }
      },
    )

    test('P4 the record says what the device edited, what the relay has, and so what waits', async () => {
      const { open } = await prepare()
      const handle = await open()
      const updates = updatesOf(['one ', 'two ', 'three'])
      const write = async (change: Partial<Parameters<PersistenceHandle['write']>[0] & object>) =>
        (await handle.write(change as Parameters<PersistenceHandle['write']>[0]))[0]!
      let record = await write({ documents: [{ id: 'a', updates: [updates[0]!], local: false }] })
      expect(isWaiting(record)).toBe(false)
      record = await write({ documents: [{ id: 'a', updates: [updates[1]!], local: true }] })
      expect(isWaiting(record)).toBe(true)
      record = await write({ documents: [{ id: 'a', updates: [], local: false, sent: 2 }] })
      expect(isWaiting(record)).toBe(false)
      record = await write({ documents: [{ id: 'a', updates: [], local: false, sent: 1 }] })
      expect(record.sent).toBe(2)
      record = await write({ documents: [{ id: 'a', updates: [updates[2]!], local: true, sent: 99 }] })
      expect(record).toMatchObject({ edited: 3, sent: 3 })
      record = await write({ documents: [{ id: 'a', updates: [], local: false, offer: true }] })
      expect(isWaiting(record)).toBe(true)
      expect(await handle.documents()).toEqual([record])
    })

    test('P5 summary and epoch are written with the updates and stay until they are written again', async () => {
      const { open } = await prepare()
      const handle = await open()
      const [one, two] = updatesOf(['one ', 'two '])
      await handle.write({
        documents: [{ id: 'a', updates: [one!], local: true, summary: Uint8Array.of(1, 2), epoch: 'e' }],
      })
      await handle.write({ documents: [{ id: 'a', updates: [two!], local: true }] })
      const [record] = await handle.documents()
      expect([...(record?.summary ?? [])]).toEqual([1, 2])
      expect(record?.epoch).toBe('e')
    })

    test('P33 a document goes on under another epoch only when it is offered under that', async () => {
      const { open } = await prepare()
      const handle = await open()
      const [one, two] = updatesOf(['one ', 'two '])
      const epochs: (string | null)[] = []
      const write = async (epoch: string, more: { offer?: true; updates: Uint8Array[] }): Promise<void> => {
        const [record] = await handle.write({ documents: [{ id: 'a', local: true, epoch, ...more }] })
        epochs.push(record?.epoch ?? null)
      }
      await write('e', { updates: [one!] })
      // What a window remembers of a storage that was deleted, when another has heard of a newer one since.
      await write('before', { updates: [two!] })
      await write('next', { updates: [], offer: true })
      expect(epochs).toEqual(['e', 'e', 'next'])
    })

    test('P6 many documents are one write and one read', async () => {
      const { open } = await prepare()
      const handle = await open()
      const [update] = updatesOf(['x'])
      const ids = Array.from({ length: 40 }, (_, i) => `doc-${i}`)
      const records = await handle.write({ documents: ids.map((id) => ({ id, updates: [update!], local: true })) })
      expect(records.map((record) => record.id).sort()).toEqual([...ids].sort())
      expect((await handle.documents()).map((record) => record.id).sort()).toEqual([...ids].sort())
    })

    test('P7 two handles write one document at once and nothing of either is lost', async () => {
      const { open } = await prepare()
      const [left, right] = [await open(), await open()]
      const ours = updatesOf(['a', 'b', 'c', 'd'])
      const theirs = updatesOf(['1', '2', '3', '4'])
      const records = await Promise.all(
        ours.flatMap((update, i) => [
          left.write({ documents: [{ id: 'a', updates: [update], local: true }] }),
          right.write({ documents: [{ id: 'a', updates: [theirs[i]!], local: true }] }),
        ]),
      )
      const numbers = records.flat().map((record) => record.last)
      if (capabilities.exactRows) expect(numbers.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      const text = textOf((await left.load('a'))?.updates ?? [])
      expect([...text].sort().join('')).toBe('1234abcd')
    })

    test('P8 compaction makes one row of all, changes nothing that is read, and keeps what waits', async () => {
      const { open } = await prepare()
      const handle = await open()
      const updates = updatesOf(['one ', 'two ', 'three ', 'four'])
      await handle.write({ documents: [{ id: 'a', updates: updates.slice(0, 2), local: true, sent: 2 }] })
      let record = await handle.compact('a', compactUpdates)
      expect(record && isWaiting(record)).toBe(false)
      await handle.write({ documents: [{ id: 'a', updates: updates.slice(2), local: true }] })
      record = await handle.compact('a', compactUpdates)
      expect(record && isWaiting(record)).toBe(true)
      if (capabilities.exactRows) expect(record?.rows).toBe(1)
      const loaded = await handle.load('a')
      expect(textOf(loaded?.updates ?? [])).toBe('one two three four')
      expect(loaded?.record).toEqual(record)
      expect(await handle.compact('never-written', compactUpdates)).toBeNull()
    })

    test('P9 compaction in one handle loses nothing that another writes meanwhile', async () => {
      const { open } = await prepare()
      const [left, right] = [await open(), await open()]
      const updates = updatesOf(Array.from({ length: 30 }, (_, i) => String.fromCharCode(97 + (i % 26))))
      await left.write({ documents: [{ id: 'a', updates: updates.slice(0, 10), local: true }] })
      await Promise.all(
        updates
          .slice(10)
          .flatMap((update, i) => [
            right.write({ documents: [{ id: 'a', updates: [update], local: true }] }),
            ...(i % 5 === 0 ? [left.compact('a', compactUpdates)] : []),
          ]),
      )
      expect(textOf((await right.load('a'))?.updates ?? [])).toBe(textOf(updates))
    })

    test(
      unless(capabilities.reportsAborts, 'P10 a write that fails rejects with a named error, and a later one works'),
      async () => {
        const { open, breakWrites } = await prepare()
        const handle = await open()
        const [one, two] = updatesOf(['one ', 'two'])
        await handle.write({ documents: [{ id: 'a', updates: [one!], local: true }] })
        if (!breakWrites) throw new Error('this harness must be able to break writes')
        breakWrites(true)
        const failing = handle.write({ documents: [{ id: 'a', updates: [two!], local: true }] })
        if (capabilities.reportsAborts) await expect(failing).rejects.toBeInstanceOf(PersistenceError)
        else await failing
        breakWrites(false)
        await handle.write({ documents: [{ id: 'a', updates: [two!], local: true }] })
        // What an abort took without a word is not written again either: it looks as if it were there.
        const text = textOf((await handle.load('a'))?.updates ?? [])
        expect(text).toBe(capabilities.reportsAborts ? 'one two' : 'one ')
      },
    )

    test(
      unless(capabilities.atomic, 'P11 of a write that fails nothing is kept: not a row, not a mark, not a summary'),
      async () => {
        const { open, breakWrites } = await prepare()
        const handle = await open()
        if (!breakWrites || !capabilities.atomic) {
          expect(capabilities.atomic && capabilities.reportsAborts).toBe(false)
          return
        }
        const [one] = updatesOf(['one '])
        breakWrites(true)
        const documents = ['a', 'b'].map((id) => ({ id, updates: [one!], local: true, summary: Uint8Array.of(1) }))
        await expect(
          handle.write({ documents, cursor: { incarnation: 'i', feed: 3 }, writing: { add: [NOTE] } }),
        ).rejects.toBeInstanceOf(PersistenceError)
        breakWrites(false)
        expect(await handle.documents()).toEqual([])
        expect(await handle.load('a')).toBeNull()
        expect(await handle.cursor()).toBeNull()
        expect(await handle.writing()).toEqual([])
      },
    )

    test('P12 cursor, drafts and notes of what is being written are kept, and removed when told', async () => {
      const { open } = await prepare()
      const first = await open()
      expect([await first.cursor(), await first.draft('a'), await first.writing()]).toEqual([null, null, []])
      await first.write({ cursor: { incarnation: 'i', feed: 7 }, writing: { add: [NOTE] } })
      await first.setDraft('a', 'half a sentence')
      await first.close()
      const second = await open()
      expect(await second.cursor()).toEqual({ incarnation: 'i', feed: 7 })
      expect(await second.draft('a')).toBe('half a sentence')
      expect(await second.writing()).toEqual([NOTE])
      await second.write({ writing: { remove: [NOTE] } })
      await second.setDraft('a', null)
      expect([await second.draft('a'), await second.writing()]).toEqual([null, []])
    })

    test(unless(capabilities.blobs, 'P13 blobs are kept by their hash'), async () => {
      const { open } = await prepare()
      const handle = await open()
      const blob = { bytes: Uint8Array.of(1, 2, 3), type: 'image/png' }
      if (!capabilities.blobs) {
        await expect(handle.putBlob('ab', blob)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
        return
      }
      await handle.putBlob('ab', blob)
      expect(await handle.getBlob('ab')).toEqual(blob)
      expect(await handle.getBlob('cd')).toBeNull()
    })

    test(unless(capabilities.blobs, 'P16 blobs that wait for the relay are known until it has them'), async () => {
      const { open } = await prepare()
      const handle = await open()
      const bytes = Uint8Array.of(1, 2, 3)
      const blob = { sha256: 'ab', type: 'image/png', bytes, upload: true }
      if (!capabilities.blobs) {
        await expect(handle.write({ blobs: [blob] })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
        expect(await handle.uploads()).toEqual([])
        return
      }
      await handle.write({ blobs: [blob, { ...blob, sha256: 'cd', upload: false }] })
      expect(await handle.uploads()).toEqual(['ab'])
      expect(await handle.getBlob('cd')).toEqual({ bytes, type: 'image/png' })
      await handle.uploaded('ab')
      expect(await handle.uploads()).toEqual([])
    })

    test(
      unless(capabilities.blobs, 'P30 which conversations name which blobs is kept with the rows that do'),
      async () => {
        const { open } = await prepare()
        const handle = await open()
        const { references } = handle
        const [one, two] = ['1'.repeat(64), '2'.repeat(64)]
        const naming = (hash: string, id: string, local = true) => ({ id, updates: [updateNaming(hash)], local })
        const untold = async () =>
          (await references.untold(10)).map(({ conversation, sha256 }) => conversation + sha256[0])
        await handle.write({ documents: [naming(one, 'a'), naming(one, 'b', false)] })
        if (!capabilities.blobs) {
          expect([await untold(), await references.owners(one), await references.tally()]).toEqual([[], [], null])
          return
        }
        for (const sha256 of [one, two]) await handle.putBlob(sha256, { bytes: Uint8Array.of(1), type: 'image/png' })
        expect(await references.any()).toBe(true)
        // Whoever wrote it: the device that did may be lost.
        expect(await references.untold(10)).toEqual(['a', 'b'].map((conversation) => ({ conversation, sha256: one })))
        expect(await references.told('a', [one], [one], { from: null, to: 'r.1' })).toEqual([one])
        expect([await untold(), await handle.uploads(), await references.tally()]).toEqual([['b1'], [one], 'r.1'])
        await handle.write({ documents: [naming(two, 'a'), naming(one, 'a', false)] })
        expect(await untold()).toEqual(['a2', 'b1'])
        await references.refused('a', [two])
        expect(await references.want([two, '3'.repeat(64)])).toEqual([two])
        expect(await references.told('a', [one, two], [], { from: 'r.1', to: 'r.3' })).toEqual([])
        expect([await handle.uploads(), await untold()]).toEqual([[], ['b1']])
        // A tab that was told something while another was told something else, or that it does not hold, changes nothing.
        expect(await references.told('b', [one], [one], { from: 'r.1', to: 'r.2' })).toBeNull()
        await references.retell('r.2')
        expect([await untold(), await handle.uploads(), await references.tally()]).toEqual([['b1'], [], 'r.3'])
        await handle.write({ documents: [{ id: 'a', updates: [], local: false, offer: true }] })
        expect(await untold()).toEqual(['a1', 'a2', 'b1'])
        expect(await references.untold(2, { conversation: 'a', sha256: one })).toEqual([
          { conversation: 'a', sha256: two },
          { conversation: 'b', sha256: one },
        ])
        for (const [id, hashes] of [['a', [one, two]] as const, ['b', [one]] as const]) {
          expect(await references.told(id, hashes, [], { from: 'r.3', to: 'r.3' })).toEqual([])
        }
        expect(await untold()).toEqual([])
        await references.retell('r.3')
        expect([await untold(), await references.tally()]).toEqual([['a1', 'a2', 'b1'], null])
        expect(await references.owners(one)).toEqual(['a', 'b'])
        await handle.compact('a', compactUpdates)
        expect(await references.owners(two)).toEqual(['a'])
        await handle.retire('a', { purged: 'done', aside: null }, compactUpdates)
        expect([await handle.getBlob(one), await handle.getBlob(two)]).toEqual([expect.anything(), null])
        expect(await references.owners(one)).toEqual(['b'])
        await handle.retire('b', { purged: 'done', aside: null }, compactUpdates)
        expect([await references.any(), await untold(), await references.owners(one)]).toEqual([false, [], []])
      },
    )

    test(unless(capabilities.blobs, 'P31 what is set aside keeps its blobs until it is dropped'), async () => {
      const { open } = await prepare()
      const handle = await open()
      if (!capabilities.blobs) {
        expect(await handle.references.any()).toBe(false)
        return
      }
      const hash = 'c'.repeat(64)
      await handle.write({
        documents: [{ id: 'a', updates: [updateNaming(hash)], local: true }],
        blobs: [{ sha256: hash, bytes: Uint8Array.of(1), type: 'image/png', upload: true }],
      })
      const aside = { key: 'a:k', code: 'EPOCH_PURGED', text: '', at: 1 }
      const retired = await handle.retire('a', { purged: 'done', aside }, compactUpdates)
      expect([retired?.aside?.key, await handle.references.owners(hash)]).toEqual(['a:k', ['/a:k']])
      await handle.references.retell(null)
      expect([await handle.references.untold(10), await handle.getBlob(hash)]).toEqual([[], expect.anything()])
      await handle.putAside({ ...retired!.aside!, key: 'a:other' }, updateNaming(hash))
      await handle.dropAside('a:k')
      expect(await handle.references.owners(hash)).toEqual(['/a:other'])
      await handle.dropAside('a:other')
      expect([await handle.references.any(), await handle.uploads()]).toEqual([false, []])
    })

    test('P17 what the feed tells is kept, and never in the place of what this device has and the relay has not', async () => {
      const { open } = await prepare()
      const handle = await open()
      const [one] = updatesOf(['one '])
      const remote = { epoch: 'e', seq: 7, purged: false, summary: Uint8Array.of(1) }
      const cursor = { incarnation: 'i', feed: 3 }
      await handle.write({ documents: [{ id: 'mine', updates: [one!], local: true, summary: Uint8Array.of(9) }] })
      await handle.write({
        documents: ['mine', 'theirs'].map((id) => ({ id, updates: [], local: false, remote })),
        cursor,
        history: 'i',
      })
      const records = async () => new Map((await handle.documents()).map((record) => [record.id, record]))
      let all = await records()
      expect(all.get('mine')).toMatchObject({ epoch: 'e', there: 7, have: 0, untold: true })
      expect([...(all.get('mine')?.summary ?? [])]).toEqual([9])
      expect(all.get('theirs')).toMatchObject({ epoch: 'e', there: 7, have: 0, untold: false })
      expect([...(all.get('theirs')?.summary ?? [])]).toEqual([1])
      // Marks of a history that is over say nothing (W11), and neither do those of another epoch.
      const position = { epoch: 'e', seq: 8 }
      const mark = { id: 'mine', updates: [], local: false, sent: 1, position }
      await handle.write({ documents: [mark], history: 'other' })
      await handle.write({ documents: [{ ...mark, position: { epoch: 'f', seq: 8 } }], history: 'i' })
      expect((await records()).get('mine')).toMatchObject({ sent: 0, have: 0 })
      await handle.write({ documents: [{ ...mark, told: Uint8Array.of(9) }], history: 'i' })
      all = await records()
      expect(all.get('mine')).toMatchObject({ sent: 1, have: 8, untold: false })
      await handle.write({ documents: [{ id: 'mine', updates: [], local: false, offer: true }] })
      expect((await records()).get('mine')).toMatchObject({ sent: 0, have: 0, there: 0, edited: 1 })
    })

    test('P17 a tab that comes late with what the feed told takes nothing back, unless the feed began again', async () => {
      const { open } = await prepare()
      const handle = await open()
      const remote = (seq: number) => ({ epoch: 'e', seq, purged: false, summary: Uint8Array.of(seq) })
      const learn = (feed: number, seq: number, restart = false) =>
        handle.write({
          documents: [{ id: 'a', updates: [], local: false, remote: remote(seq) }],
          cursor: { incarnation: 'i', feed },
          history: 'i',
          ...(restart ? { restart } : {}),
        })
      await learn(42, 5)
      await learn(35, 3)
      expect(await handle.cursor()).toEqual({ incarnation: 'i', feed: 42 })
      expect([...((await handle.documents())[0]?.summary ?? [])]).toEqual([5])
      await learn(2, 6, true)
      expect(await handle.cursor()).toEqual({ incarnation: 'i', feed: 2 })
      expect([...((await handle.documents())[0]?.summary ?? [])]).toEqual([6])
    })

    test('P27 (W11) how far the history reached is kept with every mark and with the cursor, and never lowered', async () => {
      const { open } = await prepare()
      const handle = await open()
      const [one] = updatesOf(['one '])
      const mark = (id: string, sent: number) => ({
        id,
        updates: [],
        local: false,
        sent,
        position: { epoch: 'e', seq: 1 },
      })
      await handle.write({ documents: ['a', 'b'].map((id) => ({ id, updates: [one!], local: true })) })
      // A mark without a cursor: the device follows that history from now on.
      await handle.write({ documents: [mark('a', 1)], history: 'i', reach: 5 })
      expect(await handle.cursor()).toEqual({ incarnation: 'i', feed: 0, reach: 5 })
      await handle.write({ documents: [mark('b', 1)], history: 'i', reach: 9 })
      await handle.write({ cursor: { incarnation: 'i', feed: 3 }, history: 'i', reach: 7 })
      expect(await handle.cursor()).toEqual({ incarnation: 'i', feed: 3, reach: 9 })
      const reaches = async () => Object.fromEntries((await handle.documents()).map(({ id, reach }) => [id, reach]))
      expect(await reaches()).toEqual({ a: 5, b: 9 })
      await handle.write({ documents: [{ id: 'b', updates: [], local: false, offer: true }] })
      expect(await reaches()).toEqual({ a: 5, b: 0 })
      await handle.close()
      expect(await (await open()).cursor()).toEqual({ incarnation: 'i', feed: 3, reach: 9 })
    })

    test('P28 (W11) a cursor without the entries that came with it is left out too', async () => {
      const { open } = await prepare()
      const handle = await open()
      const remote = { epoch: 'e', seq: 1, purged: false, summary: null }
      await handle.write({ cursor: { incarnation: 'i', feed: 3 }, history: 'i', reach: 4 })
      await handle.write({
        documents: [{ id: 'a', updates: [], local: false, remote }],
        cursor: { incarnation: 'i', feed: 4 },
        history: 'j',
        reach: 5,
        past: [{ incarnation: 'i', until: 9 }],
      })
      expect((await handle.documents()).filter(({ epoch }) => epoch !== null)).toEqual([])
      expect(await handle.cursor()).toEqual({ incarnation: 'i', feed: 3, reach: 4 })
    })

    test('P28 (W11) a cursor takes the place of another only if it knows it, and all that was told by it', async () => {
      const { open } = await prepare()
      const handle = await open()
      const [one] = updatesOf(['one '])
      const mark = { id: 'a', updates: [], local: false, sent: 1, position: { epoch: 'e', seq: 1 } }
      await handle.write({ documents: [{ id: 'a', updates: [one!], local: true }] })
      await handle.write({ cursor: { incarnation: 'i', feed: 3 }, history: 'i', reach: 9 })
      const rename = (past: { incarnation: string; until: number }[], restart = false) =>
        handle.write({
          documents: [mark],
          cursor: { incarnation: 'j', feed: 1 },
          history: 'j',
          reach: 4,
          past,
          ...(restart ? { restart } : {}),
        })
      for (const past of [[], [{ incarnation: 'other', until: 99 }], [{ incarnation: 'i', until: 8 }]]) {
        await rename(past)
        await rename(past, true)
        expect(await handle.cursor()).toEqual({ incarnation: 'i', feed: 3, reach: 9 })
        expect((await handle.documents())[0]).toMatchObject({ sent: 0, have: 0 })
      }
      await rename([{ incarnation: 'i', until: 9 }])
      expect(await handle.cursor()).toEqual({ incarnation: 'j', feed: 1, reach: 9 })
      expect((await handle.documents())[0]).toMatchObject({ sent: 1, have: 1, reach: 4 })
      // Begun anew, nothing that was told before counts.
      const anew = { cursor: { incarnation: 'k', feed: 0 }, history: 'k', reach: 2, restart: true }
      await handle.write({ ...anew, past: [{ incarnation: 'j', until: Number.POSITIVE_INFINITY }] })
      expect(await handle.cursor()).toEqual({ incarnation: 'k', feed: 0, reach: 2 })
    })

    test('P18 (W9) a purged document leaves its unsent rows aside, and lets go of what the relay had', async () => {
      const { open } = await prepare()
      const handle = await open()
      const [one, two] = updatesOf(['one ', 'two'])
      const position = { epoch: 'e', seq: 1 }
      await handle.write({
        documents: ['sent', 'unsent'].map((id) => ({ id, updates: [one!], local: true, sent: 1, position })),
      })
      await handle.write({ documents: [{ id: 'unsent', updates: [two!], local: true }] })
      const remote = { epoch: 'e', seq: 0, purged: true, summary: null }
      const documents = ['sent', 'unsent'].map((id) => ({ id, updates: [], local: false, remote }))
      for (const record of await handle.write({ documents })) expect(record).toMatchObject({ purged: 'done' })
      for (const id of ['sent', 'unsent']) {
        const aside = { key: `key-${id}`, code: 'EPOCH_PURGED', text: 'gone', at: 5 }
        await handle.retire(id, { purged: 'done', aside }, compactUpdates)
      }
      expect(await handle.asides()).toEqual([expect.objectContaining({ key: 'key-unsent', conversation: 'unsent' })])
      expect(textOf([(await handle.aside('key-unsent'))!])).toBe('one two')
      const records = await handle.documents()
      expect(records).toHaveLength(2)
      for (const record of records) expect(record).toMatchObject({ rows: 0, purged: 'done', summary: null })
      await handle.dropAside('key-unsent')
      expect([await handle.asides(), await handle.aside('key-unsent')]).toEqual([[], null])
      // The name begun anew elsewhere is a document like any other.
      const anew = { epoch: 'f', seq: 3, purged: false, summary: Uint8Array.of(4) }
      const [born] = await handle.write({ documents: [{ id: 'sent', updates: [], local: false, remote: anew }] })
      expect(born).toMatchObject({ epoch: 'f', there: 3, have: 0, purged: 'no' })
    })

    test('P35 (W9, W11) another history is asked for a purge again, and a purge that is asked for remembers its epoch', async () => {
      const { open } = await prepare()
      const handle = await open()
      const [one] = updatesOf(['one '])
      const id = 'purged'
      const told = (epoch: string, purged: boolean) => ({
        documents: [{ id, updates: [], local: false, remote: { epoch, seq: purged ? 0 : 3, purged, summary: null } }],
      })
      await handle.write({
        documents: [{ id, updates: [one!], local: true, sent: 1, position: { epoch: 'e', seq: 1 } }],
      })
      await handle.retire(id, { purged: 'asked', aside: null }, compactUpdates)
      expect(await handle.write(told('e', true))).toMatchObject([{ epoch: 'e', purged: 'done' }])
      const offer = { documents: [{ id, updates: [], local: false, offer: true }] }
      expect(await handle.write(offer)).toMatchObject([{ epoch: 'e', purged: 'asked', heir: null, rows: 0 }])
      // Another life is there, and ends.
      expect(await handle.write(told('f', false))).toMatchObject([{ epoch: 'e', purged: 'asked', heir: 'f' }])
      expect(await handle.write(told('f', true))).toMatchObject([{ epoch: 'e', purged: 'asked', heir: null }])
      expect(await handle.write(told('g', false))).toMatchObject([{ epoch: 'e', purged: 'asked', heir: 'g' }])
      // Ours was refused all along.
      expect(await handle.write(told('e', true))).toMatchObject([{ epoch: 'g', purged: 'no', heir: null, there: 3 }])
    })

    test('P19 hundreds of entries of the feed are one write, and the list has them', async () => {
      const { open } = await prepare()
      const handle = await open()
      const [one] = updatesOf(['one '])
      await handle.write({ documents: [{ id: 'doc-3', updates: [one!], local: true, summary: Uint8Array.of(9) }] })
      const remote = (seq: number) => ({ epoch: 'e', seq, purged: false, summary: Uint8Array.of(seq % 250) })
      const page = Array.from({ length: 450 }, (_, i) => ({
        id: `doc-${i}`,
        updates: [],
        local: false,
        remote: remote(i + 1),
      }))
      await handle.write({ documents: page, cursor: { incarnation: 'i', feed: 450 }, history: 'i' })
      const records = new Map((await handle.documents()).map((record) => [record.id, record]))
      expect(records.size).toBe(450)
      expect([...(records.get('doc-3')?.summary ?? [])]).toEqual([9])
      expect(records.get('doc-449')).toMatchObject({ there: 450, epoch: 'e' })
      await handle.write({ documents: [{ id: 'doc-5', updates: [one!], local: true }] })
      expect((await handle.documents()).find(({ id }) => id === 'doc-5')).toMatchObject({
        there: 6,
        edited: 1 + (records.get('doc-5')?.last ?? 0),
      })
    })

    test('P14 the identity stays the same until the storage is another one', async () => {
      const { open, destroy } = await prepare()
      const first = await open()
      const { identity } = first
      await first.close()
      const second = await open()
      expect(second.identity).toBe(identity)
      if (!destroy) return
      const [update] = updatesOf(['x'])
      await second.write({ documents: [{ id: 'a', updates: [update!], local: true }] })
      await destroy()
      expect(await second.lost).toMatchObject({ name: 'PersistenceError', code: 'DELETED' })
      await expect(second.write({ documents: [{ id: 'a', updates: [update!], local: true }] })).rejects.toMatchObject({
        name: 'PersistenceError',
      })
      const third = await open()
      expect(third.identity).not.toBe(identity)
      expect(await third.documents()).toEqual([])
    })

    test('P15 a closed handle refuses by name', async () => {
      const { open } = await prepare()
      const handle = await open()
      await handle.close()
      await expect(handle.load('a')).rejects.toMatchObject({ name: 'PersistenceError', code: 'CLOSED' })
      await expect(handle.write({})).rejects.toMatchObject({ name: 'PersistenceError', code: 'CLOSED' })
    })
  })
}
