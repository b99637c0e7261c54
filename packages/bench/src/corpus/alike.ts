import { decodeSummary, encodeSummary } from '@holdfast/conversation'
import { manyConversations, type Stored } from './conversations.ts'

const DIFFERENT = 200

/**
 * As many conversations as are asked for in a fraction of the time that making each would take: there are 200 different texts, and
 * each has its own id, title and time. For what measures how many there are and not what is in them.
 */
export function* alikeConversations(count: number, now: number): Generator<Stored> {
  const made = [...manyConversations(DIFFERENT, now)]
  for (let number = 0; number < count; number++) {
    const { snapshot, summary } = made[number % DIFFERENT]!
    const shown = decodeSummary(summary)
    if (!shown) throw new Error('a summary of ours cannot be read')
    const id = `alike-${number}`
    const updatedAt = now - number * 60_000
    yield { id, snapshot, summary: encodeSummary({ ...shown, id, title: `${number} ${shown.title}`, updatedAt }) }
  }
}
