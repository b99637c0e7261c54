import { expect, test } from 'vitest'
import { compactUpdates } from '../../src/merge.ts'
import { updateNaming } from './samples.ts'
import type { Suite } from './suite.ts'

/** Files, which conversations name them, and what the relay knows of that. */
export function testBlobs({ capabilities, prepare, unless }: Suite): void {
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
}
