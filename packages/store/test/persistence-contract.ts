import { describe, expect, test } from 'vitest'
import type { Persistence } from '../src/persistence/port.ts'
import { testBlobs } from './persistence-contract/blobs.ts'
import { testEpochs } from './persistence-contract/epochs.ts'
import { testFeed } from './persistence-contract/feed.ts'
import { testRows } from './persistence-contract/rows.ts'
import { NOTE, updatesOf } from './persistence-contract/samples.ts'
import { createSuite, type Harness } from './persistence-contract/suite.ts'

/**
 * What every persistence must do. Where one declares in its capabilities that it cannot, the same title says so and the
 * test shows what happens instead, so that nothing is skipped in silence.
 */
export function persistenceContract(make: () => Promise<Harness>, capabilities: Persistence['capabilities']): void {
  const suite = createSuite(make, capabilities)
  const { prepare } = suite

  describe('persistence contract', () => {
    testRows(suite)
    testEpochs(suite)
    testFeed(suite)
    testBlobs(suite)

    test('P1 the capabilities are the ones that the suite was told', async () => {
      expect((await prepare()).persistence.capabilities).toEqual(capabilities)
    })

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
