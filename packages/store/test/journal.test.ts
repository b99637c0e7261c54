import { virtualClock } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { createJournal } from '../src/journal.ts'
import type { Journal } from '../src/journal-port.ts'
import { memoryPersistence } from '../src/persistence/memory.ts'
import type { Persistence, WriteBatch } from '../src/persistence/port.ts'

const TOLD = { incarnation: 'now', reach: 0 }
const UPDATE = Uint8Array.of(0, 0)

/** A journal over a storage in memory, and what was written there. */
async function journalOf() {
  const clock = virtualClock()
  const writes: WriteBatch[] = []
  const memory = memoryPersistence()
  const persistence: Persistence = {
    ...memory,
    open: async () => {
      const handle = await memory.open()
      return {
        ...handle,
        write: (batch) => {
          writes.push(batch)
          return handle.write(batch)
        },
      }
    },
  }
  const random = { next: () => 0, bytes: (length: number) => new Uint8Array(length) }
  const journal = createJournal(persistence, clock, random, {
    summaryOf: () => null,
    everything: () => [],
    committed: () => undefined,
    learned: () => undefined,
    unsaved: () => undefined,
    opened: () => undefined,
  })
  await journal.start()
  /** One update after the other, each on the device before the next. */
  const write = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      journal.append('a', UPDATE, true)
      await journal.saved('a')
    }
  }
  return { clock, journal, memory, writes, write }
}

const isIdle = (journal: Journal): Promise<void> => new Promise((resolve) => journal.whenIdle(resolve))
const marks = (writes: readonly WriteBatch[]): (number | undefined)[] =>
  writes.map(({ documents }) => documents?.[0]?.sent).filter((sent) => sent !== 0)

describe('S62 what may linger', () => {
  test('S62 while one update follows another, marks go with the next of them', async () => {
    const { journal, writes, write } = await journalOf()
    await write(4)
    for (let sent = 4; sent < 8; sent++) {
      journal.mark('a', TOLD, { sent })
      await isIdle(journal)
      expect(writes).toHaveLength(sent)
      await write(1)
      expect(writes).toHaveLength(sent + 1)
    }
    expect(marks(writes)).toEqual([4, 5, 6, 7])
    await journal.close()
  })

  test('S62 and by themselves soon after the last', async () => {
    const { clock, journal, memory, writes, write } = await journalOf()
    await write(4)
    journal.mark('a', TOLD, { sent: 4 })
    clock.advance(99)
    await isIdle(journal)
    expect(writes).toHaveLength(4)
    clock.advance(1)
    await isIdle(journal)
    expect(marks(writes)).toEqual([4])
    const handle = await memory.open()
    expect(await handle.documents()).toMatchObject([{ id: 'a', edited: 4, sent: 4 }])
    await journal.close()
  })

  test('S62 a single edit and its mark wait for nothing', async () => {
    const { clock, journal, writes, write } = await journalOf()
    await write(3)
    journal.mark('a', TOLD, { sent: 3 })
    await isIdle(journal)
    expect(marks(writes)).toEqual([3])
    await write(1)
    clock.advance(1_000)
    journal.mark('a', TOLD, { sent: 4 })
    await isIdle(journal)
    expect(marks(writes)).toEqual([3, 4])
    await journal.close()
  })

  test('S62 nothing lingers that somebody waits for, that is an edit, or that an offer brings', async () => {
    const { clock, journal, writes, write } = await journalOf()
    await write(4)
    journal.mark('a', TOLD, { sent: 4 })
    await journal.settled()
    expect(marks(writes)).toEqual([4])
    journal.mark('a', TOLD, { sent: 4 })
    journal.appendForeign('b', UPDATE)
    await isIdle(journal)
    expect(writes).toHaveLength(6)
    journal.offer(['a'])
    await isIdle(journal)
    expect(writes).toHaveLength(7)
    expect(journal.isOffering()).toBe(false)
    expect(clock.pending()).toBe(0)
    await journal.close()
  })

  test('S62 closing writes what lingers', async () => {
    const { clock, journal, memory, write } = await journalOf()
    await write(4)
    journal.mark('a', TOLD, { sent: 4 })
    await journal.close()
    expect(clock.pending()).toBe(0)
    expect(await (await memory.open()).documents()).toMatchObject([{ id: 'a', edited: 4, sent: 4 }])
  })
})
