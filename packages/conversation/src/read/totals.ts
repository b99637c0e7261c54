import type { Order } from '../order.ts'
import type { Message, Totals, Usage } from '../types.ts'

const NO_USAGE: Usage = Object.freeze({
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  reasoning: 0,
  cost: 0,
})

/** What one message adds to the totals, its subagents included. */
interface MessageTotals {
  readonly toolCalls: number
  readonly subagents: number
  readonly usage: Usage
  readonly lastActivityAt: number
}

function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    reasoning: a.reasoning + b.reasoning,
    cost: a.cost + b.cost,
  }
}

/** A message object is never changed, so that its totals are known by it. */
const known = new WeakMap<Message, MessageTotals>()

function totalsOfMessage(message: Message): MessageTotals {
  const totals = known.get(message) ?? addUp(message)
  known.set(message, totals)
  return totals
}

/** A subagent's usage is what it says itself; only when it says nothing is it the sum of its messages. */
function addUp(message: Message): MessageTotals {
  let toolCalls = 0
  let subagents = 0
  let usage = message.usage ?? NO_USAGE
  for (const part of message.parts) {
    if (part.type !== 'tool-call') continue
    toolCalls++
    for (const child of part.children) {
      subagents++
      let ofMessages = NO_USAGE
      for (const inner of [...child.messages, ...child.hidden]) {
        const totals = totalsOfMessage(inner)
        toolCalls += totals.toolCalls
        subagents += totals.subagents
        ofMessages = addUsage(ofMessages, totals.usage)
      }
      usage = addUsage(usage, child.usage ?? ofMessages)
    }
  }
  const lastActivityAt = Math.max(message.createdAt, message.completedAt ?? 0, message.editedAt ?? 0)
  return { toolCalls, subagents, usage, lastActivityAt }
}

/** Keeps what each message adds, so that a token that changes no total costs no sum over all messages. */
export class TotalsKeeper {
  private readonly ofMessage = new Map<string, { message: Message; totals: MessageTotals }>()
  private totals: Totals | null = null
  private order: Order | null = null

  update(all: ReadonlyMap<string, Message>, order: Order, changed: Iterable<string>): Totals {
    let stale = order !== this.order
    this.order = order
    for (const id of changed) {
      const message = all.get(id)
      const before = this.ofMessage.get(id)
      if (message === undefined) {
        stale = this.ofMessage.delete(id) || stale
        continue
      }
      if (before?.message === message) continue
      const totals = totalsOfMessage(message)
      stale ||= before === undefined || !sameTotals(before.totals, totals)
      this.ofMessage.set(id, { message, totals })
    }
    if (stale || this.totals === null) this.totals = this.sum(order)
    return this.totals
  }

  /** In the order of reading, so that replicas add the same floats in the same order. */
  private sum({ shown, hidden }: Order): Totals {
    let toolCalls = 0
    let subagents = 0
    let lastActivityAt = 0
    let usage = NO_USAGE
    for (const id of [...shown, ...hidden]) {
      const entry = this.ofMessage.get(id)
      if (entry === undefined) continue
      toolCalls += entry.totals.toolCalls
      subagents += entry.totals.subagents
      lastActivityAt = Math.max(lastActivityAt, entry.totals.lastActivityAt)
      usage = addUsage(usage, entry.totals.usage)
    }
    const counts = { messages: shown.length + hidden.length, shown: shown.length, hidden: hidden.length }
    return { ...counts, toolCalls, subagents, usage, lastActivityAt }
  }
}

function sameTotals(a: MessageTotals, b: MessageTotals): boolean {
  return (
    a.toolCalls === b.toolCalls &&
    a.subagents === b.subagents &&
    a.lastActivityAt === b.lastActivityAt &&
    (Object.keys(NO_USAGE) as (keyof Usage)[]).every((key) => a.usage[key] === b.usage[key])
  )
}
