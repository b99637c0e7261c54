import { expect, test } from 'vitest'
import { bytes, type OpenedLog, one, summary, two } from './opened.ts'

/** Under which epoch a document lives, and what a purge leaves. */
export function testEpochs(opened: OpenedLog): void {
  test('U6 a document keeps its epoch, and refuses another', async () => {
    const { epoch } = await opened.log.append(one, bytes(1))
    expect(epoch).toMatch(/^[A-Za-z0-9._~-]{8,128}$/)
    await opened.log.append(one, bytes(2), { epoch })
    await expect(opened.log.append(one, bytes(3), { epoch: 'other' })).rejects.toMatchObject({ code: 'EPOCH_MISMATCH' })
    await expect(opened.log.setSummary(one, bytes(1), { epoch: 'other' })).rejects.toMatchObject({
      code: 'EPOCH_MISMATCH',
    })
    await expect(opened.log.purge(one, { epoch: 'other' })).rejects.toMatchObject({ code: 'EPOCH_MISMATCH' })
    await opened.andAgain(async () => {
      expect(await opened.log.load(one)).toMatchObject({ epoch, updates: [bytes(1), bytes(2)], seq: 2 })
    })
  })

  test('U6 a document begins under the epoch that its first writer knows it by', async () => {
    expect((await opened.log.append(one, bytes(1), { epoch: 'known' })).epoch).toBe('known')
    expect((await opened.log.append(two, bytes(1))).epoch).not.toBe('known')
  })

  test('U7 a purged document is gone, and its epoch stays refused', async () => {
    const { epoch } = await opened.log.append(one, bytes(1), { summary: summary('secret') })
    await opened.log.append(two, bytes(2))
    expect(await opened.log.purge(one)).toMatchObject({ epoch })
    await opened.andAgain(async () => {
      expect(await opened.log.load(one)).toBeNull()
      expect(await opened.log.stat(one)).toMatchObject({ kind: 'purged', epoch })
      await expect(opened.log.append(one, bytes(3))).rejects.toMatchObject({ code: 'PURGED' })
      await expect(opened.log.append(one, bytes(3), { epoch })).rejects.toMatchObject({ code: 'PURGED' })
      await expect(opened.log.setSummary(one, bytes(3))).rejects.toMatchObject({ code: 'PURGED' })
      await expect(opened.log.compact(one)).rejects.toMatchObject({ code: 'PURGED' })
      expect((await opened.log.load(two))?.updates).toEqual([bytes(2)])
      const { entries } = await opened.log.feed('default', { after: 0, limit: 10 })
      expect(entries.find((entry) => entry.document === 'one')).toMatchObject({
        epoch,
        seq: 0,
        summary: null,
        purged: true,
      })
    })
    expect(await opened.log.purge(one)).toMatchObject({ epoch: null })
  })

  test('U7 another epoch begins a new document, and every purged one stays refused', async () => {
    await opened.log.append(one, bytes(1), { epoch: 'first', summary: summary('old') })
    await opened.log.append(one, bytes(2))
    await opened.log.purge(one)
    expect(await opened.log.append(one, bytes(3), { epoch: 'second' })).toMatchObject({ epoch: 'second', seq: 1 })
    await opened.log.append(one, bytes(4))
    await opened.andAgain(async () => {
      expect(await opened.log.load(one)).toMatchObject({
        epoch: 'second',
        updates: [bytes(3), bytes(4)],
        summary: null,
      })
      await expect(opened.log.append(one, bytes(5), { epoch: 'first' })).rejects.toMatchObject({ code: 'PURGED' })
    })
    await opened.log.purge(one, { epoch: 'second' })
    for (const epoch of ['first', 'second']) {
      await expect(opened.log.append(one, bytes(5), { epoch })).rejects.toMatchObject({ code: 'PURGED' })
    }
    expect(await opened.log.append(one, bytes(6), { epoch: 'third' })).toMatchObject({ seq: 1 })
    expect((await opened.log.load(one))?.updates).toEqual([bytes(6)])
  })

  test('U7 purging in the middle of appends takes what came before it and nothing after', async () => {
    const before = [opened.log.append(one, bytes(1), { epoch: 'first' }), opened.log.append(one, bytes(2))]
    const purged = opened.log.purge(one)
    const refused = expect(opened.log.append(one, bytes(3))).rejects.toMatchObject({ code: 'PURGED' })
    const after = [opened.log.append(one, bytes(4), { epoch: 'second' }), opened.log.append(one, bytes(5))]
    await Promise.all([...before, purged, refused, ...after])
    await opened.andAgain(async () => {
      expect(await opened.log.load(one)).toMatchObject({ epoch: 'second', updates: [bytes(4), bytes(5)], seq: 2 })
    })
  })

  test('U7 what is purged under one epoch can be purged under another: that is refused from then on, too', async () => {
    // A relay that was wiped: what lived there as `first` came back as `second`, and who purged the first asks for both.
    await opened.log.append(one, bytes(1), { epoch: 'second' })
    await expect(opened.log.purge(one, { epoch: 'first' })).rejects.toMatchObject({ code: 'EPOCH_MISMATCH' })
    await opened.log.purge(one, { epoch: 'second' })
    const { head } = await opened.log.feed('default', { after: 0, limit: 10 })
    expect(await opened.log.purge(one, { epoch: 'first' })).toEqual({ epoch: 'first', feed: head + 1 })
    for (const epoch of ['first', 'second']) {
      expect(await opened.log.purge(one, { epoch })).toEqual({ epoch: null, feed: head + 1 })
    }
    expect(await opened.log.purge(one)).toEqual({ epoch: null, feed: head + 1 })
    await opened.andAgain(async () => {
      for (const epoch of ['first', 'second']) {
        await expect(opened.log.append(one, bytes(2), { epoch })).rejects.toMatchObject({ code: 'PURGED' })
      }
      // Those who had what lived last are told of that; who has the other one is refused when it asks.
      const purged = { kind: 'purged', epoch: 'second', refused: ['first', 'second'] }
      expect(await opened.log.stat(one)).toMatchObject(purged)
      const { entries } = await opened.log.feed('default', { after: head, limit: 10 })
      expect(entries).toMatchObject([{ document: 'one', epoch: 'second', purged: true }])
    })
    expect(await opened.log.append(one, bytes(3), { epoch: 'third' })).toMatchObject({ epoch: 'third', seq: 1 })
    await expect(opened.log.purge(one, { epoch: 'fourth' })).rejects.toMatchObject({ code: 'EPOCH_MISMATCH' })
  })

  test('U5 U7 what is no name is no epoch to be purged', async () => {
    await opened.log.append(one, bytes(1))
    await opened.log.purge(one)
    for (const epoch of ['', '..', 'a/b', 'x'.repeat(129)]) {
      await expect(opened.log.purge(one, { epoch })).rejects.toMatchObject({ code: 'BAD_NAME' })
    }
    expect((await opened.log.stat(one))?.refused).toHaveLength(1)
  })

  test('U7 what never was cannot be purged', async () => {
    await expect(opened.log.purge(one)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
}
