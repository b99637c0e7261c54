import { addMessage } from '@holdfast/conversation'
import type { Lease, OpenConversation, Store, Writer } from '@holdfast/store'
import type { Random } from '@holdfast/testkit'
import { clockIn } from '../check/ledger.ts'
import type { Tab } from '../machines/device.ts'
import type { Stage } from '../machines/stage.ts'
import { COMMON, EDITS } from './edits.ts'
import { handOf } from './hand.ts'

export interface Call {
  readonly stage: Stage
  readonly seat: number
  readonly random: Random
}

interface Kind {
  /** How often it is drawn, beside the others. */
  readonly weight: number
  /** Does it, or nothing when it cannot be done now. Gives what to write into the trace. */
  run(call: Call): string | undefined
}

/** What happens in a run, besides that time passes and messages arrive. */
export const OPERATIONS: Readonly<Record<string, Kind>> = {
  edit: { weight: 40, run: (call) => withOpen(call, (tab, conversation) => edit(call, tab, conversation)) },
  create: { weight: 5, run: (call) => withTab(call, (tab) => create(call, tab)) },
  open: { weight: 10, run: (call) => withTab(call, (tab, store) => open(call, tab, store)) },
  close: { weight: 6, run: (call) => withOpen(call, (tab, { id }) => tab.closeConversation(id) as undefined) },
  stream: { weight: 5, run: (call) => withOpen(call, (tab, conversation) => stream(call, tab, conversation)) },
  delta: { weight: 14, run: (call) => withWriter(call, (tab, writer) => delta(call, tab, writer)) },
  purge: { weight: 0.6, run: (call) => withTab(call, (tab, store) => purge(call, tab, store)) },
  lease: { weight: 2, run: (call) => withOpen(call, (tab, conversation) => lease(call, tab, conversation)) },
  release: { weight: 2, run: (call) => withTab(call, (tab) => release(call, tab)) },
  askToStop: { weight: 1, run: (call) => withOpen(call, (tab, conversation) => askToStop(call, tab, conversation)) },
  finish: { weight: 3, run: (call) => withWriter(call, (tab, writer) => finish(call, tab, writer)) },
  tab: { weight: 8, run: ({ stage, seat }) => stage.sit(seat) as undefined },
  closeTab: { weight: 2, run: (call) => withTab(call, (tab) => tab.close() as undefined) },
  crashTab: { weight: 2, run: (call) => withTab(call, (tab) => tab.crash() as undefined) },
  crashTabSoon: {
    weight: 3,
    run: (call) => withTab(call, (tab) => tab.process.dieAt(1 + call.random.int(25)) as undefined),
  },
  losePower: { weight: 1, run: ({ stage, seat }) => stage.deviceOf(seat).losePower() as undefined },
  storageFails: { weight: 3, run: ({ stage, seat, random }) => storageFails(stage, seat, random) },
  offline: { weight: 3, run: (call) => goOffline(call) },
  online: {
    weight: 5,
    run: ({ stage, seat }) => {
      stage.deviceOf(seat).isOnline = true
      return undefined
    },
  },
  cut: { weight: 4, run: (call) => cut(call) },
  relayCrash: { weight: 1.5, run: ({ stage }) => stage.relay.crash() as undefined },
  relayCrashSoon: {
    weight: 2,
    run: ({ stage, random }) => stage.relay.running?.process.dieAt(1 + random.int(40)) as undefined,
  },
  relayCloses: { weight: 1, run: ({ stage }) => stage.relay.close() as undefined },
  relayStarts: { weight: 6, run: ({ stage }) => stage.relay.start() as undefined },
  diskFails: {
    weight: 2,
    run: ({ stage, random }) => {
      stage.relay.faults.failing = 1 + random.int(3)
      return undefined
    },
  },
  keepCopy: { weight: 1, run: ({ stage }) => stage.relay.keepCopy() as undefined },
  wipe: { weight: 0.3, run: ({ stage }) => stage.relay.wipe() as undefined },
  restore: {
    weight: 0.6,
    run: ({ stage, random }) => stage.relay.restore((copies) => random.pick(copies)) as undefined,
  },
  swap: { weight: 0.4, run: ({ stage }) => stage.relay.swap() as undefined },
  wait: { weight: 8, run: () => undefined },
}

type Done = string | undefined

/** In the tab at this seat, or in another when nobody sits there. Somebody sits down when nobody is left. */
function withTab({ stage, seat, random }: Call, run: (tab: Tab, store: Store) => Done): string | undefined {
  const ready = stage.seats.filter((tab) => tab?.store)
  const tab = stage.seats[seat]?.store ? stage.seats[seat] : ready.length > 0 ? random.pick(ready) : null
  if (!tab?.store) {
    stage.sit(seat)
    return undefined
  }
  stage.world.schedule.enter(tab.process)
  return run(tab, tab.store) ?? undefined
}

/** In a conversation that is open there; when none is, one is opened or begun instead. */
function withOpen(call: Call, run: (tab: Tab, conversation: OpenConversation) => Done): string | undefined {
  return withTab(call, (tab, store) => {
    const conversations = [...tab.open.values()]
    if (conversations.length > 0) return run(tab, call.random.pick(conversations))
    return store.list.get().length > 0 ? open(call, tab, store) : create(call, tab)
  })
}

/** A few edits in a row, each a transaction of its own. */
function edit(call: Call, tab: Tab, conversation: OpenConversation): Done {
  const count = 1 + call.random.int(3)
  return Array.from({ length: count }, () => editOnce(call, tab, conversation) ?? '').join(', ')
}

/** Edits, unless the conversation has not arrived here yet. */
function editOnce({ stage, random }: Call, tab: Tab, conversation: OpenConversation): Done {
  const shown = conversation.get()
  if (shown.meta.id === '' || !shown.writable) return
  const name = random.pick(random.chance(0.6) ? COMMON : Object.keys(EDITS))
  const before = clockIn(conversation.doc)
  const tokens: string[] = []
  tab.does(`${name} in ${conversation.id}`, () => {
    const hand = handOf({
      doc: conversation.doc,
      shown,
      random,
      now: stage.world.clock.now(),
      serial: stage.serial,
      wrote: (token) => tokens.push(token),
    })
    conversation.edit(() => EDITS[name]!(hand))
    stage.ledger.wrote(tab, conversation, before, tokens)
  })
  return `${name} ${tokens.join('')} in ${conversation.id}`
}

function create({ stage }: Call, tab: Tab): Done {
  const title = `c${stage.serial()}`
  tab.createConversation(title)
  return title
}

function open({ random }: Call, tab: Tab, store: Store): Done {
  const closed = store.list.get().filter(({ id }) => !tab.open.has(id))
  if (closed.length === 0) return
  const { id } = random.pick(closed)
  tab.openConversation(id)
  return id
}

/** Writers that have not ended, by tab. */
const writers = new WeakMap<Tab, { conversation: OpenConversation; writer: Writer }[]>()

function stream({ stage, random }: Call, tab: Tab, conversation: OpenConversation): Done {
  const { meta, messages, writable } = conversation.get()
  if (meta.id === '' || !writable) return
  const question = messages.filter(({ role }) => role === 'user')
  if (question.length === 0) return
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

function withWriter(
  call: Call,
  run: (tab: Tab, writing: { conversation: OpenConversation; writer: Writer }) => Done,
): string | undefined {
  return withTab(call, (tab) => {
    const mine = (writers.get(tab) ?? []).filter(({ writer }) => writer.open)
    writers.set(tab, mine)
    if (mine.length > 0) return run(tab, call.random.pick(mine))
  })
}

function delta(
  { stage, random }: Call,
  tab: Tab,
  { conversation, writer }: { conversation: OpenConversation; writer: Writer },
): Done {
  const token = `<${stage.serial()}>`
  tab.does(`delta ${writer.messageId}`, async () => {
    if (random.chance(0.7)) writer.text(token)
    else writer.reasoning(token)
    const flushed = writer.flush()
    const clock = clockIn(conversation.doc)
    await flushed
    stage.ledger.flushed(tab, conversation, clock, token)
  })
  return `${token} to ${writer.messageId}`
}

function finish({ random }: Call, tab: Tab, { writer }: { conversation: OpenConversation; writer: Writer }): Done {
  tab.does(`finish ${writer.messageId}`, async () => {
    if (random.chance(0.3)) await writer.abort()
    else await writer.finish({ status: 'complete' })
  })
  return writer.messageId
}

function purge({ stage, random }: Call, tab: Tab, store: Store): Done {
  const items = store.list.get()
  // With few there would soon be none.
  if (items.length < 3) return
  const { id } = random.pick(items)
  stage.ledger.purged(id, false)
  tab.does(`purge ${id}`, async () => {
    await store.purge(id)
    stage.ledger.purged(id, true)
  })
  return id
}

const leases = new WeakMap<Tab, Lease[]>()

function lease({ stage, random }: Call, tab: Tab, conversation: OpenConversation): Done {
  const { messages } = conversation.get()
  if (messages.length === 0) return
  const key = random.pick(messages).id
  tab.does(`lease ${key}`, async () => {
    const held = await conversation.lease(key)
    stage.ledger.leased(tab, conversation.id, key, held.fencing)
    leases.set(tab, [...(leases.get(tab) ?? []), held])
  })
  return `${key} of ${conversation.id}`
}

function release({ random }: Call, tab: Tab): Done {
  const mine = leases.get(tab) ?? []
  if (mine.length === 0) return
  const held = random.pick(mine)
  leases.set(
    tab,
    mine.filter((each) => each !== held),
  )
  tab.does(`release ${held.key}`, () => held.release())
  return held.key
}

function askToStop({ random }: Call, tab: Tab, conversation: OpenConversation): Done {
  const streaming = conversation.get().messages.filter(({ status }) => status === 'streaming')
  if (streaming.length === 0) return
  const { id } = random.pick(streaming)
  tab.does(`ask to stop ${id}`, () => conversation.requestStop(id))
  return id
}

function storageFails(stage: Stage, seat: number, random: Random): undefined {
  const device = stage.deviceOf(seat)
  if (random.chance(0.7)) device.faults.failing = 1 + random.int(4)
  else device.loseHandles()
  return undefined
}

function goOffline({ stage, seat, random }: Call): undefined {
  stage.deviceOf(seat).isOnline = false
  cut({ stage, seat, random })
}

/** Breaks the connections of a device. Now and then nobody is told, as when a cable is drawn. */
function cut({ stage, seat, random }: Call): undefined {
  const isSilent = random.chance(0.25)
  const how = isSilent ? { serverIsTold: random.chance(0.5), clientIsTold: random.chance(0.5) } : {}
  for (const { host } of stage.deviceOf(seat).tabs) host.cut(random, how)
}
