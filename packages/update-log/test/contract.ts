import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testCompaction } from './contract/compaction.ts'
import { testDocuments } from './contract/documents.ts'
import { testEpochs } from './contract/epochs.ts'
import { testFeed } from './contract/feed.ts'
import { bytes, type ContractOptions, OpenedLog, one } from './contract/opened.ts'

/** What every update log does, whatever it keeps its bytes in. */
export function describeContract(name: string, options: ContractOptions): void {
  describe(name, () => {
    const opened = new OpenedLog(options)
    beforeEach(() => opened.anew())
    afterEach(() => opened.close())

    testDocuments(opened)
    testEpochs(opened)
    testFeed(opened)
    testCompaction(opened)

    test('U12 the incarnation stays, and is renewed when asked', async () => {
      const { incarnation } = opened.log
      expect(incarnation).toMatch(/^[A-Za-z0-9._~-]{8,128}$/)
      await opened.log.append(one, bytes(1))
      await opened.andAgain(async () => {
        expect(opened.log.incarnation).toBe(incarnation)
      })
      const renewed = await opened.log.renewIncarnation()
      expect(renewed).not.toBe(incarnation)
      await opened.andAgain(async () => {
        expect(opened.log.incarnation).toBe(renewed)
        expect(opened.log.opened.renewed).toBeNull()
      })
    })

    test('U14 what was submitted before close is durable, and everything after is refused', async () => {
      const appends = Array.from({ length: 50 }, (_, i) => opened.log.append(one, bytes(i)))
      const closing = opened.log.close()
      await expect(opened.log.append(one, bytes(1))).rejects.toMatchObject({ code: 'CLOSED' })
      await expect(opened.log.load(one)).rejects.toMatchObject({ code: 'CLOSED' })
      await expect(opened.log.compact(one)).rejects.toMatchObject({ code: 'CLOSED' })
      await expect(opened.log.feed('default', { after: 0, limit: 1 })).rejects.toMatchObject({ code: 'CLOSED' })
      await Promise.all([...appends, closing, opened.log.close()])
      if (!(await opened.again())) return
      expect((await opened.log.load(one))?.seq).toBe(50)
    })
  })
}
