import * as Y from 'yjs'
import {
  asFields,
  COLLECTIONS,
  type CollectionName,
  collectionOf,
  type Fields,
  isWritable,
  messagesOf,
  metaOf,
  schemaVersion,
  selectedOf,
} from '../schema.ts'
import type { Conversation, Message } from '../types.ts'
import { isString } from '../vocabulary.ts'
import { ReadCache } from './cache.ts'
import type { ReadContext } from './context.ts'
import { compareItems, type ItemOf, readItem } from './items.ts'
import { MessageList } from './message-list.ts'
import { readMeta } from './meta.ts'
import { share } from './share.ts'
import { TotalsKeeper } from './totals.ts'

export interface ConversationReader {
  /**
   * The conversation as it is now. Cheap after a small change. Changes are noticed when their transaction ends: inside an
   * open transaction this is the state before it.
   */
  read(): Conversation
  /** One message, shown or hidden, as `read()` has it. */
  message(id: string): Message | undefined
  /** Stops watching the document; `read()` goes on giving what it last gave. */
  destroy(): void
}

type Items = {
  readonly [Name in CollectionName]: { living: readonly ItemOf[Name][]; deleted: readonly ItemOf[Name][] }
}
/** A shared type, as far as finding what lies above it goes. */
interface Nested {
  readonly parent: Nested | null
}
type ChangeEvent = Y.YEvent<Y.AbstractType<unknown>>

/** Reads once. To read again after changes keep a `createReader`. */
export function readConversation(doc: Y.Doc): Conversation {
  const reader = new Reader(doc)
  const conversation = reader.read()
  reader.destroy()
  return conversation
}

export function createReader(doc: Y.Doc): ConversationReader {
  return new Reader(doc)
}

class Reader implements ConversationReader, ReadContext {
  readonly cache = new ReadCache()
  private readonly doc: Y.Doc
  private readonly roots: readonly Fields[]
  private readonly messageLists = new WeakMap<object, MessageList>()
  private readonly messages: MessageList
  private readonly totals = new TotalsKeeper()
  private readonly changedMessages = new Set<string>()
  private last: Conversation | null = null
  private stale = true

  constructor(doc: Y.Doc) {
    this.doc = doc
    this.messages = this.listOf(messagesOf(doc), 0)
    for (const id of messagesOf(doc).keys()) this.changedMessages.add(id)
    this.roots = [messagesOf(doc), metaOf(doc), selectedOf(doc), ...COLLECTIONS.map((name) => collectionOf(doc, name))]
    for (const root of this.roots) root.observeDeep(this.onChange)
  }

  destroy(): void {
    for (const root of this.roots) root.unobserveDeep(this.onChange)
  }

  message(id: string): Message | undefined {
    this.read()
    return this.messages.find(id)
  }

  read(): Conversation {
    if (!this.stale && this.last !== null) return this.last
    this.stale = false
    const before = this.last
    const selected = this.readSelected()
    this.messages.select(selected)
    this.messages.update(this)
    const { shown, hidden, byId, order } = this.messages
    const totals = this.totals.update(byId, order, this.changedMessages)
    this.changedMessages.clear()
    const schema = schemaVersion(this.doc)
    const items = this.readItems()
    const deleted = {
      artifacts: items.artifacts.deleted,
      todos: items.todos.deleted,
      activities: items.activities.deleted,
      checkpoints: items.checkpoints.deleted,
    }
    this.last = {
      meta: this.cache.read(metaOf(this.doc), () => readMeta(metaOf(this.doc), schema)),
      messages: shown,
      hidden,
      artifacts: items.artifacts.living,
      todos: items.todos.living,
      activities: items.activities.living,
      checkpoints: items.checkpoints.living,
      deleted: share(before?.deleted, deleted),
      selected,
      totals: share(before?.totals, totals),
      writable: isWritable(this.doc),
    }
    return this.last
  }

  readMessages(messages: Fields, depth: number): MessageList {
    const list = this.listOf(messages, depth)
    list.update(this)
    return list
  }

  private listOf(messages: Fields, depth: number): MessageList {
    const known = this.messageLists.get(messages)
    if (known !== undefined) return known
    const list = new MessageList(messages, depth)
    this.messageLists.set(messages, list)
    return list
  }

  private readSelected(): ReadonlyMap<string, string> {
    const fields = selectedOf(this.doc)
    return this.cache.read(fields, () => {
      const selected = new Map<string, string>()
      for (const [group, id] of fields.entries()) if (isString(id)) selected.set(group, id)
      return selected
    })
  }

  private readItems(): Items {
    return {
      artifacts: this.readCollection('artifacts'),
      todos: this.readCollection('todos'),
      activities: this.readCollection('activities'),
      checkpoints: this.readCollection('checkpoints'),
    }
  }

  private readCollection<Name extends CollectionName>(name: Name): Items[Name] {
    const root = collectionOf(this.doc, name)
    return this.cache.read(root, () => {
      const all: ItemOf[Name][] = []
      for (const [id, value] of root.entries()) {
        const fields = asFields(value)
        if (fields !== null) all.push(this.cache.read(fields, () => readItem[name](id, fields)))
      }
      all.sort(compareItems)
      const living = all.filter((item) => item.deletedAt === null)
      return { living, deleted: all.filter((item) => item.deletedAt !== null) }
    }) as Items[Name]
  }

  /** Marks what changed and everything above it. Reading is left to whoever asks. */
  private readonly onChange = (events: ChangeEvent[]): void => {
    this.stale = true
    for (const event of events) {
      const list = this.messageLists.get(event.target)
      if (list !== undefined && event instanceof Y.YMapEvent) {
        for (const id of event.keysChanged) {
          list.expire(id)
          if (list === this.messages) this.changedMessages.add(id)
        }
      }
      this.expireUpwards(event.target)
    }
  }

  private expireUpwards(target: Nested): void {
    for (let type: Nested | null = target; type !== null; type = type.parent) {
      this.cache.expire(type)
      const list: MessageList | undefined = type.parent === null ? undefined : this.messageLists.get(type.parent)
      const id = list?.expireFields(type)
      if (id !== undefined && list === this.messages) this.changedMessages.add(id)
    }
  }
}
