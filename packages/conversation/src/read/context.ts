import type { Fields } from '../schema.ts'
import type { Message } from '../types.ts'
import type { ReadCache } from './cache.ts'

/** What reading a part of a message needs of the whole: it breaks the circle message -> tool call -> subagent -> message. */
export interface ReadContext {
  readonly cache: ReadCache
  /** Of a subagent. `depth` counts the subagents above. */
  readMessages(messages: Fields, depth: number): { shown: readonly Message[]; hidden: readonly Message[] }
}
