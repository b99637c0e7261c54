import { expect, test } from 'vitest'
import { updatesOf } from './samples.ts'
import type { Suite } from './suite.ts'

/** What the relay told, and of which history (W11). */
export function testFeed({ prepare }: Suite): void {
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
}
