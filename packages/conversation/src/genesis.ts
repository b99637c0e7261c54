import * as Y from 'yjs'
import { addActivity } from './edit/activities.ts'
import { addArtifact } from './edit/artifacts.ts'
import { bad, checkText } from './edit/check.ts'
import { addCheckpoint } from './edit/checkpoints.ts'
import { PartIds, planMessages } from './edit/content.ts'
import { initConversation } from './edit/conversation.ts'
import { copyFields, copyThing } from './edit/copy.ts'
import { storeField } from './edit/plan.ts'
import { addTodo } from './edit/todos.ts'
import { assertWritable } from './edit/write.ts'
import type { NewActivity, NewArtifact, NewCheckpoint, NewConversation, NewMessage, NewTodo } from './inputs.ts'
import { COLLECTIONS, collectionOf, messagesOf, metaOf, PREFIX } from './schema.ts'
import { hex, sha256 } from './sha256.ts'
import { encodeUtf8 } from './utf8.ts'

/** What an importer made of a source. Every id is derived from the source (see `derivedId`), every time is the source's. */
export interface ImportedConversation extends NewConversation {
  /** In order; each follows the one before it unless it says otherwise. */
  readonly messages?: readonly NewMessage[]
  readonly artifacts?: readonly NewArtifact[]
  readonly todos?: readonly NewTodo[]
  readonly activities?: readonly NewActivity[]
  readonly checkpoints?: readonly NewCheckpoint[]
}

export interface GenesisArgs {
  readonly importer: string
  /** Of the importer. Another version may make something else of the same bytes. */
  readonly version: string
  /** The bytes that were imported. */
  readonly source: Uint8Array
  readonly conversation: ImportedConversation
  /** The conversation as it is here, when an earlier version of the source was imported: only what is new is written. */
  readonly onto?: Y.Doc
  /** A faster SHA-256 than our own. */
  readonly sha256?: (bytes: Uint8Array) => Uint8Array
}

export interface Genesis {
  readonly update: Uint8Array
  readonly clientId: number
  /** SHA-256 of the source, in hex. */
  readonly hash: string
  /** How many messages the update holds. */
  readonly messages: number
}

/**
 * An import as one update, which is byte for byte the same wherever the same importer reads the same source (onto the same
 * earlier import): applied twice, or on two machines that then meet, it is there once, with everybody's later edits.
 *
 * It is written under a client id derived from all that decides its bytes. That is more than importer and source: the same
 * source onto another earlier import writes something else, and one client id with two contents corrupts silently.
 */
export function genesis(args: GenesisArgs): Genesis {
  const digest = args.sha256 ?? sha256
  const importer = `${checkText(args.importer, 'importer')}@${checkText(args.version, 'version')}`
  if (!(args.source instanceof Uint8Array)) throw bad('source', 'bytes')
  if (args.onto !== undefined) assertWritable(args.onto)
  const hash = hex(digest(args.source))
  const known = knownIds(args.onto)
  const identity = JSON.stringify([importer, hash, args.conversation, [...known].sort()])
  const clientId = clientIdOf(digest(encodeUtf8(identity)))

  const whole = new Y.Doc()
  whole.clientID = clientId
  writeAll(whole, args.conversation, hash)
  const doc = new Y.Doc()
  doc.clientID = clientId
  const messages = doc.transact(() => {
    if (!known.has('meta')) copyFields(metaOf(whole), metaOf(doc), () => true)
    metaOf(doc).set(PREFIX.import + hash, importer)
    let written = 0
    for (const id of messagesOf(whole).keys()) {
      if (known.has(`messages/${id}`)) continue
      copyThing(messagesOf(whole), messagesOf(doc), id)
      written++
    }
    for (const name of COLLECTIONS) {
      const from = collectionOf(whole, name)
      for (const id of from.keys()) if (!known.has(`${name}/${id}`)) copyThing(from, collectionOf(doc, name), id)
    }
    return written
  })
  return { update: Y.encodeStateAsUpdate(doc), clientId, hash, messages }
}

/** An id that names from a source always give again, in the form of a UUID (version 8: its bits are our own). */
export function derivedId(...names: readonly string[]): string {
  const bytes = sha256(encodeUtf8(JSON.stringify(names))).slice(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** 53 bits, which is what a Yjs client id can hold. */
function clientIdOf(digest: Uint8Array): number {
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength)
  return (view.getUint32(0) % 2 ** 21) * 2 ** 32 + view.getUint32(4)
}

function knownIds(onto: Y.Doc | undefined): Set<string> {
  const known = new Set<string>()
  if (onto === undefined) return known
  if (metaOf(onto).has('id')) known.add('meta')
  for (const id of messagesOf(onto).keys()) known.add(`messages/${id}`)
  for (const name of COLLECTIONS) for (const id of collectionOf(onto, name).keys()) known.add(`${name}/${id}`)
  return known
}

function writeAll(doc: Y.Doc, conversation: ImportedConversation, hash: string): void {
  const { messages, artifacts, todos, activities, checkpoints, ...meta } = conversation
  const plan = planMessages(messages ?? [], 'messages', { ids: new PartIds(doc), depth: 0 })
  initConversation(doc, meta.source === undefined ? meta : { ...meta, source: { hash, ...meta.source } })
  doc.transact(() => {
    for (const [id, message] of plan.fields) storeField(messagesOf(doc), id, message)
    for (const artifact of artifacts ?? []) addArtifact(doc, artifact)
    for (const todo of todos ?? []) addTodo(doc, todo)
    for (const activity of activities ?? []) addActivity(doc, activity)
    for (const checkpoint of checkpoints ?? []) addCheckpoint(doc, checkpoint)
  })
}
