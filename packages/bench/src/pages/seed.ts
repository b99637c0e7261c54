import { indexedDbPersistence } from '@holdfast/store'
import { epochOf, longConversation, manyConversations, type Shape } from '../corpus/conversations.ts'
import type { CaughtUp } from '../corpus/relay-log.ts'

/* Fills this origin's IndexedDB through the store's own persistence, as if a person had chatted here and it was all sent. */

const AT_ONCE = 500

interface Row {
  readonly id: string
  readonly updates: readonly Uint8Array[]
  readonly summary: Uint8Array
}

async function write(space: string, rows: Iterable<Row>, cursor: CaughtUp): Promise<void> {
  const handle = await indexedDbPersistence({ space }).open()
  let batch: Row[] = []
  const flush = async () => {
    const documents = batch.map(({ id, updates, summary }) => ({
      id,
      updates,
      summary,
      local: true,
      sent: updates.length,
      epoch: epochOf(id),
    }))
    await handle.write({ documents })
    batch = []
  }
  for (const row of rows) {
    batch.push(row)
    if (batch.length === AT_ONCE) await flush()
  }
  await flush()
  await handle.write({ cursor })
  await handle.close()
}

export interface SpaceSeed {
  readonly space: string
  readonly count: number
  /** When the newest was written, in ms since the epoch. */
  readonly now: number
  readonly cursor: CaughtUp
  readonly long?: Shape
}

export async function seedSpace({ space, count, now, cursor, long }: SpaceSeed): Promise<void> {
  function* rows(): Generator<Row> {
    for (const { id, snapshot, summary } of manyConversations(count, now)) yield { id, updates: [snapshot], summary }
    if (!long) return
    const { id, rows, summary } = longConversation(long)
    yield { id, updates: rows, summary }
  }
  await write(space, rows(), cursor)
}
