import { diffUpdate, encodeStateVector, encodeStep2, encodeUpdate, Intake, joinUpdates } from '@holdfast/protocol'
import { having, token } from './made-conversation.ts'

/** Of a conversation as it streamed: a state of so many tokens, and records of one token each after it. */
const TOKENS = 4_000
const RECORDS = 400
const TIMES = 24

/**
 * Reads, joins and answers with a made conversation again and again. Pure work on bytes in memory; each time is a turn of some milliseconds.
 * @param isWanted asked before each time; on false it ends
 * @returns how many times
 */
export async function readAgain(isWanted: () => boolean): Promise<number> {
  await turn()
  if (!isWanted()) return 0
  const tokens = Array.from({ length: TOKENS + RECORDS }, (_, at) => token(at))
  const parts = [joinUpdates(tokens.slice(0, TOKENS)), ...tokens.slice(TOKENS)]
  await turn()
  let times = 0
  while (times < TIMES && isWanted()) {
    openOnce(parts)
    times += 1
    await turn()
  }
  return times
}

/** Whatever waits comes first. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** What a room does with what is stored when somebody opens it, and with what is written then. */
function openOnce(parts: readonly Uint8Array[]): void {
  const [, ...records] = parts
  const writing = new Intake()
  writing.restore(parts[0]!)
  for (const record of records) {
    const decision = writing.decide(record)
    if (decision.kind === 'store') encodeUpdate(decision.update)
  }
  const opening = new Intake()
  for (const part of parts) opening.restore(part)
  const state = joinUpdates(parts)
  encodeStep2(diffUpdate(state, encodeStateVector(having(0))))
  diffUpdate(state, encodeStateVector(having(TOKENS)))
}
