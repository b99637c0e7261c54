import { expect, test } from 'vitest'
import { compactUpdates } from '../../src/merge.ts'
import { PersistenceError, type PersistenceHandle } from '../../src/persistence/port.ts'
import { isWaiting } from '../../src/persistence/records.ts'
import { NOTE, textOf, updatesOf } from './samples.ts'
import type { Suite } from './suite.ts'

/** Updates as they are written, read, marked and compacted, and what a write that fails leaves. */
export function testRows({ capabilities, prepare, unless }: Suite): void {
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
}
