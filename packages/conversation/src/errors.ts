/**
 * Stable codes of what this package refuses. Nothing was changed when one of these is thrown.
 *
 * - BAD_ARGUMENT: an argument has the wrong type or is out of range; the message names it.
 * - NOT_FOUND: no message, part, call, subagent or item has this id.
 * - ALREADY_EXISTS: something has this id already (ids are given once).
 * - WRONG_STATE: the edit does not fit the state, e.g. answering an approval that nobody asked for.
 * - NEWER_SCHEMA: a newer version wrote the conversation: it can be read and not edited.
 */
export type ConversationErrorCode = 'BAD_ARGUMENT' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'WRONG_STATE' | 'NEWER_SCHEMA'

export class ConversationError extends Error {
  override readonly name = 'ConversationError'
  readonly code: ConversationErrorCode

  constructor(code: ConversationErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
