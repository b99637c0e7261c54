import { expect, test } from 'vitest'
import { bytes, type OpenedLog, one, two } from './opened.ts'

/** What is kept of a document, and under which names. */
export function testDocuments(opened: OpenedLog): void {
  test('U1 what was appended is loaded byte for byte, in order', async () => {
    const updates = [bytes(1, 2, 3), bytes(), bytes(255), new Uint8Array(100_000).fill(7)]
    for (const update of updates) await opened.log.append(one, update)
    await opened.andAgain(async () => {
      const loaded = await opened.log.load(one)
      expect(loaded?.updates).toEqual(updates)
      expect(loaded?.seq).toBe(4)
      expect(loaded?.snapshot).toBeNull()
      expect(loaded?.stats).toEqual({ snapshotBytes: 0, tailUpdates: 4, tailBytes: 100_004 })
    })
  })

  test('U1 numbers are gap-free per document in the order of the calls, however many run at once', async () => {
    const appends = Array.from({ length: 200 }, (_, i) => opened.log.append(i % 3 === 0 ? two : one, bytes(i)))
    const seqs = (await Promise.all(appends)).map((appended) => appended.seq)
    const ofOne = seqs.filter((_, i) => i % 3 !== 0)
    const ofTwo = seqs.filter((_, i) => i % 3 === 0)
    expect(ofOne).toEqual(ofOne.map((_, i) => i + 1))
    expect(ofTwo).toEqual(ofTwo.map((_, i) => i + 1))
    await opened.andAgain(async () => {
      expect((await opened.log.load(two))?.updates).toEqual(ofTwo.map((_, i) => bytes(i * 3)))
    })
  })

  test('U1 documents and spaces do not touch each other, also when one name begins another', async () => {
    const refs = [
      { space: 'a', document: 'b' },
      { space: 'a', document: 'bb' },
      { space: 'aa', document: 'b' },
      { space: 'ab', document: 'b' },
    ]
    for (const [i, ref] of refs.entries()) await opened.log.append(ref, bytes(i))
    await opened.andAgain(async () => {
      for (const [i, ref] of refs.entries()) expect((await opened.log.load(ref))?.updates).toEqual([bytes(i)])
      expect((await opened.log.spaces()).sort()).toEqual(['a', 'aa', 'ab'])
      expect((await opened.log.documents('a')).map(({ document }) => document).sort()).toEqual(['b', 'bb'])
    })
  })

  test('U1 what is handed out can be changed without changing what is stored', async () => {
    await opened.log.append(one, bytes(1, 2, 3))
    const first = await opened.log.load(one)
    first?.updates.push(bytes(9))
    expect((await opened.log.load(one))?.updates).toEqual([bytes(1, 2, 3)])
  })

  test('U1 a document that never was is null, and its stat too', async () => {
    expect(await opened.log.load(one)).toBeNull()
    expect(await opened.log.stat(one)).toBeNull()
    expect(await opened.log.documents('default')).toEqual([])
    expect(await opened.log.spaces()).toEqual([])
  })

  test('U5 a bad name reaches nothing', async () => {
    const bad = ['', '.', '..', 'a/b', 'a\0b', '../x', 'a b', 'ü', 'x'.repeat(129), '\u202e']
    for (const name of bad) {
      await expect(opened.log.append({ space: name, document: 'a' }, bytes(1))).rejects.toMatchObject({
        code: 'BAD_NAME',
      })
      await expect(opened.log.append({ space: 'a', document: name }, bytes(1))).rejects.toMatchObject({
        code: 'BAD_NAME',
      })
      await expect(opened.log.load({ space: 'a', document: name })).rejects.toMatchObject({ code: 'BAD_NAME' })
      await expect(opened.log.feed(name, { after: 0, limit: 1 })).rejects.toMatchObject({ code: 'BAD_NAME' })
      await expect(opened.log.append(one, bytes(1), { epoch: name })).rejects.toMatchObject({ code: 'BAD_NAME' })
    }
    expect(await opened.log.spaces()).toEqual([])
    for (const name of ['x'.repeat(128), '...', '~', 'a.b_c-d']) {
      await opened.log.append({ space: name, document: name }, bytes(1))
      expect((await opened.log.load({ space: name, document: name }))?.updates).toEqual([bytes(1)])
    }
  })
}
