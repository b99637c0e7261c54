import { expect, test } from 'vitest'
import { compactUpdates } from '../../src/merge.ts'
import { textOf, updatesOf } from './samples.ts'
import type { Suite } from './suite.ts'

/** Under which epoch a document goes on, and what a purge leaves. */
export function testEpochs({ prepare }: Suite): void {
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

  test('P36 (W9) what was purged under another epoch takes the rows with it that its history has nothing of, set aside', async () => {
    const { open } = await prepare()
    const handle = await open()
    const [one] = updatesOf(['one '])
    const told = (id: string, epoch: string, purged: boolean) => ({
      documents: [{ id, updates: [], local: false, remote: { epoch, seq: purged ? 0 : 3, purged, summary: null } }],
    })
    for (const id of ['told', 'never-heard']) {
      await handle.write({
        documents: [{ id, updates: [one!], local: true, sent: 1, position: { epoch: 'e', seq: 1 } }],
      })
      // As long as ours is of this history, what was purged before is no news.
      expect(await handle.write(told(id, 'd', true))).toMatchObject([{ epoch: 'e', purged: 'no', heir: null, rows: 1 }])
      await handle.write({ documents: [{ id, updates: [], local: false, offer: true }] })
      if (id === 'told') {
        expect(await handle.write(told(id, 'f', false))).toMatchObject([{ epoch: 'e', purged: 'no', heir: 'f' }])
      }
      expect(await handle.write(told(id, 'f', true))).toMatchObject([
        { epoch: 'f', purged: 'done', heir: null, rows: 1 },
      ])
      const aside = { key: id, code: 'EPOCH_PURGED', text: 'gone', at: 5 }
      const retired = await handle.retire(id, { purged: 'done', aside }, compactUpdates)
      expect(retired?.record).toMatchObject({ epoch: 'f', purged: 'done', heir: null, rows: 0 })
      expect(textOf([(await handle.aside(id))!])).toBe('one ')
      // Ours was never refused. Who brings it back may have begun it after that purge: it is there.
      expect(await handle.write(told(id, 'e', false))).toMatchObject([
        { epoch: 'e', purged: 'no', heir: null, there: 3 },
      ])
    }
  })

  test('P36 (W9) nothing lives under another epoch once the own one does', async () => {
    const { open } = await prepare()
    const handle = await open()
    const [one] = updatesOf(['one '])
    const told = (epoch: string) => ({
      documents: [{ id: 'a', updates: [], local: false, remote: { epoch, seq: 1, purged: false, summary: null } }],
    })
    await handle.write({
      documents: [{ id: 'a', updates: [one!], local: true, sent: 1, position: { epoch: 'e', seq: 1 } }],
    })
    expect(await handle.write(told('f'))).toMatchObject([{ epoch: 'e', heir: 'f' }])
    expect(await handle.write(told('e'))).toMatchObject([{ epoch: 'e', heir: null, purged: 'no', rows: 1 }])
  })
}
