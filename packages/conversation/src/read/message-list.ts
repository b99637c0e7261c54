import { type Order, type OrderNode, orderMessages } from '../order.ts'
import { asFields, type Fields } from '../schema.ts'
import type { Alternatives, Message } from '../types.ts'
import type { ReadContext } from './context.ts'
import { readMessage } from './message.ts'
import { share } from './share.ts'

const NO_SELECTION: ReadonlyMap<string, string> = new Map()

/**
 * The messages of a conversation or of a subagent. Only messages that changed are read again; the order is computed again
 * only when something it depends on changed, so that a token costs one message and a copy of the list.
 */
export class MessageList {
  shown: readonly Message[] = []
  hidden: readonly Message[] = []
  /** Every message by itself, without its alternatives. */
  readonly byId = new Map<string, Message>()
  /** Another object whenever it was computed again. */
  order: Order = { shown: [], hidden: [], alternatives: new Map() }
  private readonly dirty = new Set<string>()
  private position = new Map<string, number>()
  private readonly ids = new WeakMap<object, string>()
  private reorder = true
  private selected = NO_SELECTION

  private readonly fields: Fields
  private readonly depth: number

  constructor(fields: Fields, depth: number) {
    this.fields = fields
    this.depth = depth
    for (const id of fields.keys()) this.dirty.add(id)
  }

  /** A message by this id was put in place, replaced or removed. */
  expire(id: string): void {
    this.dirty.add(id)
  }

  /** Something in this message changed; says which it is. */
  expireFields(fields: object): string | undefined {
    const id = this.ids.get(fields)
    if (id !== undefined) this.dirty.add(id)
    return id
  }

  select(selected: ReadonlyMap<string, string>): void {
    this.reorder ||= selected !== this.selected
    this.selected = selected
  }

  update(context: ReadContext): void {
    const changed: Message[] = []
    for (const id of this.dirty) {
      const before = this.byId.get(id)
      const after = this.readOne(id, context)
      if (before === after) continue
      if (after === undefined) this.byId.delete(id)
      else this.byId.set(id, after)
      if (before === undefined || after === undefined || !samePlace(before, after)) this.reorder = true
      else changed.push(after)
    }
    this.dirty.clear()
    if (this.reorder) this.arrange()
    else if (changed.length > 0) this.replace(changed)
  }

  /** A message as it stands in the list. */
  find(id: string): Message | undefined {
    const position = this.position.get(id)
    if (position === undefined) return undefined
    return position >= 0 ? this.shown[position] : this.hidden[-position - 1]
  }

  private readOne(id: string, context: ReadContext): Message | undefined {
    const fields = asFields(this.fields.get(id))
    if (fields === null) return undefined
    this.ids.set(fields, id)
    return context.cache.read(fields, () => readMessage(id, fields, context, this.depth))
  }

  private arrange(): void {
    this.reorder = false
    this.order = orderMessages(this.byId.values(), this.selected)
    const shown = this.order.shown.map((id) => this.present(id))
    const hidden = this.order.hidden.map((id) => this.byId.get(id) as Message)
    this.shown = sameItems(this.shown, shown) ? this.shown : shown
    this.hidden = sameItems(this.hidden, hidden) ? this.hidden : hidden
    this.position = new Map()
    for (const [i, id] of this.order.shown.entries()) this.position.set(id, i)
    for (const [i, id] of this.order.hidden.entries()) this.position.set(id, -i - 1)
  }

  private replace(changed: readonly Message[]): void {
    let shown: Message[] | null = null
    let hidden: Message[] | null = null
    for (const message of changed) {
      const position = this.position.get(message.id) as number
      if (position >= 0) {
        shown ??= this.shown.slice()
        shown[position] = this.present(message.id)
      } else {
        hidden ??= this.hidden.slice()
        hidden[-position - 1] = message
      }
    }
    this.shown = shown ?? this.shown
    this.hidden = hidden ?? this.hidden
  }

  /** A shown message with its alternatives; the one shown before when nothing of it changed. */
  private present(id: string): Message {
    const message = this.byId.get(id) as Message
    const of = this.order.alternatives.get(id)
    if (of === undefined) return message
    const before = this.find(id)
    const alternatives: Alternatives = share(before?.alternatives, {
      ...of,
      ids: [...of.ids],
      continued: [...of.continued],
      count: of.ids.length,
      continuedElsewhere: of.continued.length > 0,
    })
    return share(before, { ...message, alternatives })
  }
}

function samePlace(a: OrderNode, b: OrderNode): boolean {
  return (
    a.parent === b.parent && a.replaces === b.replaces && a.createdAt === b.createdAt && a.deletedAt === b.deletedAt
  )
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
