import type { OpenConversation } from '@holdfast/store'
import * as Y from 'yjs'
import type { Tab } from '../machines/device.ts'

/** Something that was written: the clock of one Yjs client of one conversation, and what people were told of it. */
export interface Mark {
  readonly conversation: string
  readonly client: number
  /** All below this clock. */
  readonly clock: number
  readonly tab: string
  readonly device: string
  /** The relay's folder that was in use then. */
  readonly generation: number
  told: 'nothing' | 'saved' | 'synced'
  /** The tab died, or closed, before it could tell. */
  isLost: boolean
  /** Texts that were in it, each written once. */
  readonly tokens: readonly string[]
}

/** What was written and what was promised of it. */
export interface Ledger {
  readonly marks: readonly Mark[]
  opened(tab: Tab, conversation: OpenConversation): void
  /** An edit was made: it is followed until somebody is told that it is safe. */
  wrote(tab: Tab, conversation: OpenConversation, before: number, tokens: readonly string[]): void
  /** A piece of an answer was flushed: it is in the document and on the device. */
  flushed(tab: Tab, conversation: OpenConversation, clock: number, token: string): void
  died(tab: Tab): void
  /** Somebody asked for a conversation to be purged; `gone` when that was promised. */
  purged(id: string, gone: boolean): void
  /** Conversations that somebody wanted purged, and whether it was promised that they are gone. */
  readonly purges: ReadonlyMap<string, boolean>
  /** Somebody was told that it alone answers (W12). */
  leased(tab: Tab, conversation: string, key: string, fencing: number): void
}

export interface LedgerOptions {
  /** Counts the folders that the relay has had. */
  readonly generation: () => number
  /** Whether the relay's folder holds this now. */
  readonly relayHas: (mark: Mark) => boolean
  readonly broken: (rule: string, what: string) => void
}

export function clockIn(doc: Y.Doc): number {
  return Y.getState(doc.store, doc.clientID)
}

export function createLedger({ generation, relayHas, broken }: LedgerOptions): Ledger {
  const marks: Mark[] = []
  const purges = new Map<string, boolean>()
  const fences = new Map<string, { readonly fencing: number; readonly tab: string }>()

  const of = (tab: Tab, conversation: string): Mark[] =>
    marks.filter((mark) => mark.tab === tab.name && mark.conversation === conversation)

  const make = (tab: Tab, conversation: OpenConversation, clock: number, tokens: readonly string[]): Mark => {
    const mark: Mark = {
      conversation: conversation.id,
      client: conversation.doc.clientID,
      clock,
      tab: tab.name,
      device: tab.device.name,
      generation: generation(),
      told: 'nothing',
      // It may have died of this very edit.
      isLost: !tab.process.isAlive,
      tokens,
    }
    marks.push(mark)
    return mark
  }

  const synced = (tab: Tab, conversation: string): void => {
    for (const mark of of(tab, conversation)) {
      mark.told = 'synced'
      // Said of a folder that is gone since it was written, it may be late news; the end shows what came of it.
      // So may what was purged since.
      if (mark.generation === generation() && !purges.has(conversation) && !relayHas(mark)) {
        broken('synced-is-on-the-relay', `${text(mark)} was called synced and is not on the relay`)
      }
    }
  }

  return {
    marks,
    opened: (tab, conversation) => {
      let before: string | null = null
      conversation.status.subscribe(() => {
        const status = conversation.status.get()
        const relay = status.kind === 'saved' ? status.relay : null
        if (relay === before) return
        before = relay
        if (relay !== 'sent' && relay !== 'synced') return
        synced(tab, conversation.id)
      })
    },
    wrote: (tab, conversation, before, tokens) => {
      if (clockIn(conversation.doc) === before) return
      const mark = make(tab, conversation, clockIn(conversation.doc), tokens)
      conversation.saved().then(
        () => {
          if (mark.told === 'nothing') mark.told = 'saved'
        },
        // It is said that it is not saved; it may be later.
        () => undefined,
      )
    },
    flushed: (tab, conversation, clock, token) => {
      make(tab, conversation, clock, [token]).told = 'saved'
    },
    purges,
    purged: (id, gone) => {
      purges.set(id, gone || purges.get(id) === true)
    },
    leased: (tab, conversation, key, fencing) => {
      // Without a relay it is advisory; a relay whose folder is another one begins to count anew.
      if (fencing === 0) return
      const name = `${generation()}/${conversation}/${key}`
      const before = fences.get(name)
      fences.set(name, { fencing, tab: tab.name })
      const grew = !before || fencing > before.fencing || (fencing === before.fencing && tab.name === before.tab)
      if (!grew) broken('fencing-grows', `${key} of ${conversation} was leased by ${fencing} after ${before.fencing}`)
    },
    died: (tab) => {
      for (const mark of marks) if (mark.tab === tab.name) mark.isLost = true
    },
  }
}

export function text(mark: Mark): string {
  const { conversation, client, clock, tokens, tab } = mark
  return `${conversation} client ${client} clock ${clock} ${tokens.join(' ')} of ${tab}`
}
