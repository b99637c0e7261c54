import type { OpenConversation, Store } from '@holdfast/store'
import type { Random } from '@holdfast/testkit'
import type { Tab } from '../machines/device.ts'
import type { Stage } from '../machines/stage.ts'

export interface Call {
  readonly stage: Stage
  readonly seat: number
  readonly random: Random
}

/** What was done, for the trace, perhaps in no words. Null: it could not be done now, and nothing was. */
export type Done = string | null | Instead

/** Something else was done, so that it can be next time. */
export interface Instead {
  readonly kind: string
  readonly said: string | null
}

export interface Kind {
  /** How often it is drawn, beside the others. */
  readonly weight: number
  run(call: Call): Done
}

/** In the tab at this seat, or in another when nobody sits there. Somebody sits down when nobody is left. */
export function withTab({ stage, seat, random }: Call, run: (tab: Tab, store: Store) => Done): Done {
  const ready = stage.seats.filter((tab) => tab?.store)
  const tab = stage.seats[seat]?.store ? stage.seats[seat] : ready.length > 0 ? random.pick(ready) : null
  if (!tab?.store) {
    if (stage.seats[seat]) return null
    stage.sit(seat)
    return { kind: 'tab', said: '' }
  }
  stage.world.schedule.enter(tab.process)
  return run(tab, tab.store)
}

/** In a conversation that is open there; when none is, one is opened instead, or begun. */
export function withOpen(call: Call, run: (tab: Tab, conversation: OpenConversation) => Done): Done {
  return withTab(call, (tab, store) => {
    const conversations = [...tab.open.values()]
    if (conversations.length > 0) return run(tab, call.random.pick(conversations))
    if (store.list.get().length > 0) return { kind: 'open', said: openOne(call, tab, store) }
    return { kind: 'create', said: createOne(call, tab) }
  })
}

export function createOne({ stage }: Call, tab: Tab): string {
  const title = `c${stage.serial()}`
  tab.createConversation(title)
  return title
}

export function openOne({ random }: Call, tab: Tab, store: Store): string | null {
  const closed = store.list.get().filter(({ id }) => !tab.open.has(id))
  if (closed.length === 0) return null
  const { id } = random.pick(closed)
  tab.openConversation(id)
  return id
}
