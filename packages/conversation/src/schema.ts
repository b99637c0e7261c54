/**
 * Where everything lies in the document. Things with identity are a `Y.Map` in a root map, keyed by their id, and are never
 * Y-deleted. What is a set (tags, reactions, custom fields) is kept as one key per member, with a prefix, in the map it
 * belongs to: two replicas that each make the first member then lose nothing, as they would with a nested map.
 */
import * as Y from 'yjs'

/** The version this code writes. A whole number; raised only by what an older client would damage. */
export const SCHEMA_VERSION = 1

/** Subagents inside subagents are read to this depth: a bound on the JS stack for hostile documents. */
export const MAX_SUBAGENT_DEPTH = 100

/** JSON values nest at most this deep. */
export const MAX_JSON_DEPTH = 256

export const PREFIX = {
  tag: 'tag:',
  custom: 'custom:',
  reaction: 'reaction:',
  feedback: 'feedback:',
  import: 'import:',
} as const

/** A map whose fields may be anything: what a document from elsewhere is until it was looked at. */
export type Fields = Y.Map<unknown>

export const COLLECTIONS = ['artifacts', 'todos', 'activities', 'checkpoints'] as const
export type CollectionName = (typeof COLLECTIONS)[number]

export const metaOf = (doc: Y.Doc): Fields => doc.getMap('meta')
export const messagesOf = (doc: Y.Doc): Fields => doc.getMap('messages')
export const selectedOf = (doc: Y.Doc): Fields => doc.getMap('selected')
export const collectionOf = (doc: Y.Doc, name: CollectionName): Fields => doc.getMap(name)

/** The document's schema version; a document that says none, or nonsense, is taken for version 1. */
export function schemaVersion(doc: Y.Doc): number {
  const version = metaOf(doc).get('schema')
  return typeof version === 'number' && Number.isSafeInteger(version) && version > 0 ? version : 1
}

/** False when a newer version wrote it: then it is read and not edited. */
export function isWritable(doc: Y.Doc): boolean {
  return schemaVersion(doc) <= SCHEMA_VERSION
}

/**
 * The group of alternatives that the answers to a question form. It is derived from the question, so that two devices
 * which answer the same turn without knowing of each other leave two alternatives.
 */
export function answerSlot(questionId: string): string {
  return `answer:${questionId}`
}

/** Where a reaction is kept. The author is encoded, because its own colons must not end it. */
export function reactionKey(author: string, reaction: string): string {
  return `${PREFIX.reaction}${encodeURIComponent(author)}:${reaction}`
}

export function asFields(value: unknown): Fields | null {
  return value instanceof Y.Map ? (value as Fields) : null
}
