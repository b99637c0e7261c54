import { openLevelLog } from '@holdfast/update-log/level'
import { epochOf, type Stored } from './conversations.ts'

/** A device's place in the feed of a relay that it has caught up with. */
export interface CaughtUp {
  readonly incarnation: string
  readonly feed: number
}

const AT_ONCE = 500

/** Fills a data folder of a relay, as if clients had sent all this. Nobody else may have it open. */
export async function fillRelay(data: string, space: string, conversations: Iterable<Stored>): Promise<CaughtUp> {
  const log = await openLevelLog({ directory: data })
  try {
    let feed = 0
    let batch: Promise<{ feed: number }>[] = []
    const settle = async () => {
      for (const appended of await Promise.all(batch)) feed = Math.max(feed, appended.feed)
      batch = []
    }
    for (const { id, snapshot, summary } of conversations) {
      batch.push(log.append({ space, document: id }, snapshot, { epoch: epochOf(id), summary }))
      if (batch.length === AT_ONCE) await settle()
    }
    await settle()
    return { incarnation: log.incarnation, feed }
  } finally {
    await log.close()
  }
}
