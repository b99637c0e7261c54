import { type Fields, PREFIX } from '../schema.ts'
import type { Feedback, Message, Reaction } from '../types.ts'
import { isRecord, isString, isTime, MESSAGE_STATUSES, RATINGS, ROLES } from '../vocabulary.ts'
import type { ReadContext } from './context.ts'
import { readCustom } from './custom.ts'
import { FieldTaker } from './fields.ts'
import { readParts } from './parts.ts'
import { readAuthor, readFailure, readUsage } from './values.ts'

/** A message by itself: `alternatives` is for the list that it is in. */
export function readMessage(id: string, fields: Fields, context: ReadContext, depth: number): Message {
  const taker = new FieldTaker(fields)
  return {
    id,
    parent: taker.string('parent'),
    replaces: taker.string('replaces'),
    // Whoever wrote a role that we do not know gets the least to say.
    role: taker.oneOf('role', ROLES) ?? 'user',
    author: taker.convert('author', readAuthor),
    createdAt: taker.take('createdAt', isTime) ?? 0,
    completedAt: taker.take('completedAt', isTime),
    status: taker.oneOf('status', MESSAGE_STATUSES) ?? 'complete',
    finishReason: taker.string('finishReason'),
    error: taker.convert('error', readFailure),
    model: taker.string('model'),
    provider: taker.string('provider'),
    agent: taker.string('agent'),
    usage: taker.convert('usage', readUsage),
    parts: taker.convert('parts', (value) => readParts(value, context, depth)) ?? [],
    alternatives: null,
    reactions: taker.prefixed(PREFIX.reaction, readReaction),
    feedback: taker.prefixed(PREFIX.feedback, readFeedback),
    editedAt: taker.take('editedAt', isTime),
    deletedAt: taker.take('deletedAt', isTime),
    checkpoint: taker.string('checkpoint'),
    custom: readCustom(taker),
    extra: taker.extra(),
  }
}

/** The key is `author:reaction` with the author encoded; the value, when it was given. */
function readReaction(name: string, value: unknown): Reaction | null {
  const colon = name.indexOf(':')
  const author = colon < 0 ? null : decode(name.slice(0, colon))
  return author === null || !isTime(value) ? null : { author, reaction: name.slice(colon + 1), at: value }
}

function decode(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return null
  }
}

function readFeedback(author: string, value: unknown): Feedback | null {
  if (!isRecord(value)) return null
  const { rating, comment, at } = value
  if (!RATINGS.includes(rating as 'up') || !isTime(at)) return null
  return { author, rating: rating as Feedback['rating'], comment: isString(comment) ? comment : null, at }
}
