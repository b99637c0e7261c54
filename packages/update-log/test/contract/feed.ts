import { expect, test } from 'vitest'
import { bytes, type OpenedLog, one, summary, two } from './opened.ts'

/** What is told of changes: summaries, the feed, listeners. */
export function testFeed(opened: OpenedLog): void {
  test('U8 a summary is replaced whole, with an append or alone', async () => {
    await opened.log.append(one, bytes(1), { summary: summary('a') })
    expect((await opened.log.load(one))?.summary).toEqual(summary('a'))
    await opened.log.setSummary(one, summary('bb'))
    await opened.log.append(one, bytes(2))
    await opened.andAgain(async () => {
      expect((await opened.log.load(one))?.summary).toEqual(summary('bb'))
      const { entries } = await opened.log.feed('default', { after: 0, limit: 10 })
      expect(entries.map((entry) => entry.summary)).toEqual([summary('bb')])
    })
  })

  test('U8 a summary over the limit is refused and changes nothing; the limit itself is not', async () => {
    await opened.anew({ summaryLimit: 10 })
    await opened.log.append(one, bytes(1), { summary: new Uint8Array(10) })
    const large = new Uint8Array(11)
    await expect(opened.log.append(one, bytes(2), { summary: large })).rejects.toMatchObject({
      code: 'SUMMARY_TOO_LARGE',
    })
    await expect(opened.log.setSummary(one, large)).rejects.toMatchObject({ code: 'SUMMARY_TOO_LARGE' })
    expect(await opened.log.load(one)).toMatchObject({ seq: 1, summary: new Uint8Array(10) })
    await expect(opened.log.setSummary(two, bytes(1))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('U8 the same summary again moves nothing', async () => {
    await opened.log.append(one, bytes(1), { summary: summary('a') })
    const { head } = await opened.log.feed('default', { after: 0, limit: 10 })
    await opened.log.setSummary(one, summary('a'))
    expect(await opened.log.feed('default', { after: head, limit: 10 })).toEqual({ entries: [], head })
    await Promise.all([opened.log.setSummary(one, summary('b')), opened.log.setSummary(one, summary('a'))])
    expect((await opened.log.load(one))?.summary).toEqual(summary('a'))
  })

  test('U9 the feed has one entry per document however often it changes', async () => {
    for (let i = 0; i < 50; i += 1) {
      await opened.log.append(one, bytes(i))
      if (i % 10 === 0) await opened.log.append(two, bytes(i))
      if (i % 7 === 0) await opened.log.feed('default', { after: 0, limit: 10 })
    }
    await opened.log.append({ space: 'elsewhere', document: 'three' }, bytes(1))
    await opened.andAgain(async () => {
      const { entries, head } = await opened.log.feed('default', { after: 0, limit: 10 })
      expect(entries.map(({ document, seq }) => [document, seq])).toEqual([
        ['two', 5],
        ['one', 50],
      ])
      expect(head).toBe(entries.at(-1)?.feed)
    })
  })

  test('U9 whoever reads after head is told of what changed since, and of nothing else', async () => {
    await opened.log.append(one, bytes(1))
    await opened.log.append(two, bytes(1))
    const first = await opened.log.feed('default', { after: 0, limit: 10 })
    expect(await opened.log.feed('default', { after: first.head, limit: 10 })).toEqual({
      entries: [],
      head: first.head,
    })
    await opened.log.append(one, bytes(2))
    await opened.log.append(one, bytes(3))
    await opened.andAgain(async () => {
      const { entries } = await opened.log.feed('default', { after: first.head, limit: 10 })
      expect(entries.map(({ document, seq }) => [document, seq])).toEqual([['one', 3]])
    })
  })

  test('U9 a page ends at its limit and the next goes on after its last entry', async () => {
    await Promise.all(
      Array.from({ length: 25 }, (_, i) => opened.log.append({ space: 'default', document: `d${i}` }, bytes(i))),
    )
    const seen: string[] = []
    for (let after = 0; ; ) {
      const { entries } = await opened.log.feed('default', { after, limit: 10 })
      if (entries.length === 0) break
      seen.push(...entries.map(({ document }) => document))
      after = entries.at(-1)?.feed ?? after
    }
    expect(seen.length).toBe(25)
    expect(new Set(seen).size).toBe(25)
  })

  test('U9 a cursor from another history is seen by a head below it', async () => {
    await opened.log.append(one, bytes(1))
    const page = await opened.log.feed('default', { after: 1_000, limit: 10 })
    expect(page.entries).toEqual([])
    expect(page.head).toBeLessThan(1_000)
    expect(await opened.log.feed('empty', { after: 0, limit: 10 })).toEqual({ entries: [], head: 0 })
  })

  test('U9 a reader that follows the feed while it is written misses nothing', async () => {
    const last = new Map<string, number>()
    let cursor = 0
    let writing = true
    const follow = async (): Promise<void> => {
      const { entries, head } = await opened.log.feed('default', { after: cursor, limit: 1_000 })
      for (const { document, seq } of entries) last.set(document, seq)
      cursor = head
    }
    const following = (async () => {
      while (writing) await follow()
    })()
    await Promise.all(
      Array.from({ length: 5 }, async (_, writer) => {
        for (let i = 0; i < 60; i += 1) await opened.log.append({ space: 'default', document: `w${writer}` }, bytes(i))
      }),
    )
    writing = false
    await following
    await follow()
    expect([...last.values()]).toEqual([60, 60, 60, 60, 60])
  })

  test('U11 listeners are told of each change after it is durable, in order, until they leave', async () => {
    const told: [string, number, boolean][] = []
    const commits: number[] = []
    const stop = opened.log.onCommit(({ commit, changes }) => {
      commits.push(commit)
      for (const { document, seq, purged } of changes) told.push([document, seq, purged])
    })
    await opened.log.append(one, bytes(1))
    await opened.log.append(two, bytes(1))
    await opened.log.append(one, bytes(2))
    await opened.log.setSummary(one, bytes(1))
    await opened.log.purge(two)
    expect(told).toEqual([
      ['one', 1, false],
      ['two', 1, false],
      ['one', 2, false],
      ['one', 2, false],
      ['two', 0, true],
    ])
    expect(commits).toEqual([...new Set(commits)].sort((a, b) => a - b))
    stop()
    await opened.log.append(one, bytes(3))
    expect(told.length).toBe(5)
  })
}
