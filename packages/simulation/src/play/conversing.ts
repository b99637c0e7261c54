import { addMessage } from '@holdfast/conversation'
import type { Lease, OpenConversation, Store, Writer } from '@holdfast/store'
import { clockIn } from '../check/ledger.ts'
import type { Tab } from '../machines/device.ts'
import { type Call, type Done, withTab } from './call.ts'
import { COMMON, EDITS, NEEDS } from './edits.ts'
import { handOf } from './hand.ts'

/** A few edits in a row, each a transaction of its own, those that can be made. */
export function edit(call: Call, tab: Tab, conversation: OpenConversation): Done {
  const { random } = call
  const count = 1 + random.int(3)
  const done = Array.from({ length: count }, () => {
    if (!isHere(conversation)) return null
    const name = random.pick(random.chance(0.6) ? COMMON : Object.keys(EDITS))
    return attempt(name, call, tab, conversation)
  }).filter((said) => said !== null)
  return done.length > 0 ? done.join(', ') : null
}

/** One of the edits that build on others, with all that it builds on. */
export function editFurther(call: Call, tab: Tab, conversation: OpenConversation): Done {
  if (!isHere(conversation)) return null
  return editBy(call.random.pick(Object.keys(NEEDS)), call, tab, conversation)
}

/** A conversation that is open may not have arrived yet. */
function isHere(conversation: OpenConversation): boolean {
  const { meta, writable } = conversation.get()
  return meta.id !== '' && writable
}

/** Makes one edit, and before it, if there is nothing to do it to, what it needs. */
function editBy(name: string, call: Call, tab: Tab, conversation: OpenConversation): string | null {
  const said = attempt(name, call, tab, conversation)
  const need = NEEDS[name]
  if (said !== null || need === undefined) return said
  const first = editBy(need, call, tab, conversation)
  if (first === null) return null
  return [first, attempt(name, call, tab, conversation) ?? `(no ${name})`].join(', ')
}

function attempt(name: string, { stage, random }: Call, tab: Tab, conversation: OpenConversation): string | null {
  const before = clockIn(conversation.doc)
  const tokens: string[] = []
  let isDone = false
  tab.does(`${name} in ${conversation.id}`, () => {
    const hand = handOf({
      doc: conversation.doc,
      shown: conversation.get(),
      random,
      now: stage.world.clock.now(),
      serial: stage.serial,
      wrote: (token) => tokens.push(token),
    })
    isDone = conversation.edit(() => EDITS[name]!(hand)) !== false
    stage.ledger.wrote(tab, conversation, before, tokens)
  })
  if (!isDone) return null
  stage.did(`edit ${name}`)
  return `${name} ${tokens.join('')} in ${conversation.id}`
}

/** Writers that have not ended, by tab. */
const writers = new WeakMap<Tab, { conversation: OpenConversation; writer: Writer }[]>()

/** Ids of the conversations in which this window writes an answer now. */
export function writesIn(tab: Tab): string[] {
  return (writers.get(tab) ?? []).filter(({ writer }) => writer.open).map(({ conversation }) => conversation.id)
}

export function stream({ stage, random }: Call, tab: Tab, conversation: OpenConversation): Done {
  const { meta, messages, writable } = conversation.get()
  if (meta.id === '' || !writable) return null
  const question = messages.filter(({ role }) => role === 'user')
  if (question.length === 0) return null
  const id = `n${stage.serial()}`
  const before = clockIn(conversation.doc)
  tab.does(`stream ${id}`, () => {
    conversation.edit((doc) =>
      addMessage(doc, {
        id,
        role: 'assistant',
        createdAt: stage.world.clock.now(),
        answers: random.pick(question).id,
        status: 'streaming',
      }),
    )
    stage.ledger.wrote(tab, conversation, before, [])
    const mine = writers.get(tab) ?? []
    writers.set(tab, mine)
    mine.push({ conversation, writer: conversation.stream(id) })
  })
  return `${id} in ${conversation.id}`
}

export function withWriter(
  call: Call,
  run: (tab: Tab, writing: { conversation: OpenConversation; writer: Writer }) => Done,
): Done {
  return withTab(call, (tab) => {
    const mine = (writers.get(tab) ?? []).filter(({ writer }) => writer.open)
    writers.set(tab, mine)
    return mine.length > 0 ? run(tab, call.random.pick(mine)) : null
  })
}

export function delta(
  { stage, random }: Call,
  tab: Tab,
  { conversation, writer }: { conversation: OpenConversation; writer: Writer },
): Done {
  const token = `<${stage.serial()}>`
  tab.does(`delta ${writer.messageId}`, async () => {
    if (random.chance(0.7)) writer.text(token)
    else writer.reasoning(token)
    const flushed = writer.flush()
    const piece = { clock: clockIn(conversation.doc), token, storage: tab.device.generation }
    await flushed
    stage.ledger.flushed(tab, conversation, piece)
  })
  return `${token} to ${writer.messageId}`
}

export function finish(
  { random }: Call,
  tab: Tab,
  { writer }: { conversation: OpenConversation; writer: Writer },
): Done {
  tab.does(`finish ${writer.messageId}`, async () => {
    if (random.chance(0.3)) await writer.abort()
    else await writer.finish({ status: 'complete' })
  })
  return writer.messageId
}

export function purge({ stage, random }: Call, tab: Tab, store: Store): Done {
  const items = store.list.get()
  // With few there would soon be none.
  if (items.length < 3) return null
  const { id } = random.pick(items)
  stage.ledger.purged(id, false)
  tab.does(`purge ${id}`, async () => {
    await store.purge(id)
    stage.ledger.purged(id, true)
  })
  return id
}

/** Leases that were not given back, by tab. */
const leases = new WeakMap<Tab, { readonly conversation: string; readonly held: Lease }[]>()

/** Ids of the conversations in which this window holds a lease that somebody asked for. */
export function holdsIn(tab: Tab): string[] {
  // Asked to stop, it has it until it gives it back.
  const isHeld = ({ signal }: Lease): boolean => !signal.aborted || signal.reason.code === 'STOP_REQUESTED'
  return (leases.get(tab) ?? []).filter(({ held }) => isHeld(held)).map(({ conversation }) => conversation)
}

export function lease({ stage, random }: Call, tab: Tab, conversation: OpenConversation): Done {
  const { messages } = conversation.get()
  if (messages.length === 0) return null
  const key = random.pick(messages).id
  tab.does(`lease ${key}`, async () => {
    const held = await conversation.lease(key)
    stage.ledger.leased(tab, conversation.id, key, held.fencing)
    leases.set(tab, [...(leases.get(tab) ?? []), { conversation: conversation.id, held }])
  })
  return `${key} of ${conversation.id}`
}

export function release({ random }: Call, tab: Tab): Done {
  const mine = leases.get(tab) ?? []
  if (mine.length === 0) return null
  const one = random.pick(mine)
  const { held } = one
  leases.set(
    tab,
    mine.filter((each) => each !== one),
  )
  tab.does(`release ${held.key}`, () => held.release())
  return held.key
}

export function askToStop({ random }: Call, tab: Tab, conversation: OpenConversation): Done {
  const streaming = conversation.get().messages.filter(({ status }) => status === 'streaming')
  if (streaming.length === 0) return null
  const { id } = random.pick(streaming)
  tab.does(`ask to stop ${id}`, () => conversation.requestStop(id))
  return id
}
