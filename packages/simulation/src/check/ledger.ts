import type { OpenConversation } from '@holdfast/store'
import * as Y from 'yjs'
import type { Device, Tab } from '../machines/device.ts'
import type { Guest } from '../machines/guest.ts'

/** Something that was written: the clock of one Yjs client of one conversation, and what people were told of it. */
export interface Mark {
  readonly conversation: string
  readonly client: number
  /** All below this clock. */
  readonly clock: number
  readonly writer: Tab | Guest
  /** Where it is kept first; null for a stock client, which keeps nothing. */
  readonly device: Device | null
  /** The storage that the device had then. */
  readonly storage: number
  /** The relay's folder that was in use then. */
  readonly generation: number
  told: 'nothing' | 'saved' | 'synced'
  /** The tab died, or closed, before it could tell. */
  isLost: boolean
  /** It is nowhere any more: the last place that kept it was deleted. */
  isGone: boolean
  /** Texts that were in it, each written once. */
  readonly tokens: readonly string[]
}

/** A piece of an answer, the clock behind it, and the storage of the device when it was handed over. */
export interface Piece {
  readonly clock: number
  readonly token: string
  readonly storage: number
}

/** What was written and what was promised of it. */
export interface Ledger {
  readonly marks: readonly Mark[]
  opened(tab: Tab, conversation: OpenConversation): void
  /** An edit was made: it is followed until somebody is told that it is safe. Null when it wrote nothing. */
  wrote(tab: Tab, conversation: OpenConversation, before: number, tokens: readonly string[]): Mark | null
  /** A stock client made an edit. */
  guestWrote(guest: Guest, before: number, tokens: readonly string[]): void
  /** A piece of an answer was flushed: it is in the document and on the device. */
  flushed(tab: Tab, conversation: OpenConversation, piece: Piece): void
  died(writer: Tab | Guest): void
  /**
   * A place that keeps things keeps less than before. What nobody keeps any more is gone with it, if it is not in the memory of who wrote it:
   * only that is still asked for.
   */
  reconsider(): void
  /** The storage of a device was deleted: it may have forgotten what it was asked to purge. */
  forgetPurges(): void
  /** Somebody asked for a conversation to be purged; `gone` when that was promised. */
  purged(id: string, gone: boolean): void
  /** Conversations that somebody wanted purged, and whether it was promised that they are gone. */
  readonly purges: ReadonlyMap<string, boolean>
  /** Somebody was told that it alone answers (W12). */
  leased(tab: Tab, conversation: string, key: string, fencing: number): void
}

type Has = (document: string, client: number, clock: number) => boolean

export interface LedgerOptions {
  /** Counts the folders that the relay has had. */
  readonly generation: () => number
  /** Whether the relay's folder, or any place, holds a document up to this clock of a client now. */
  readonly relayHas: Has
  readonly somebodyHas: Has
  readonly broken: (rule: string, what: string) => void
}

export function clockIn(doc: Y.Doc): number {
  return Y.getState(doc.store, doc.clientID)
}

export function createLedger({ generation, relayHas, somebodyHas, broken }: LedgerOptions): Ledger {
  const marks: Mark[] = []
  const purges = new Map<string, boolean>()
  const fences = new Map<string, { readonly fencing: number; readonly tab: string }>()

  const of = (tab: Tab, conversation: string): Mark[] =>
    marks.filter((mark) => mark.writer === tab && mark.conversation === conversation && !mark.isGone)

  const make = (
    writer: Tab | Guest,
    { id, doc }: Pick<OpenConversation, 'id' | 'doc'>,
    clock: number,
    tokens: readonly string[],
    storage?: number,
  ): Mark => {
    const device = 'device' in writer ? writer.device : null
    const mark: Mark = {
      conversation: id,
      client: doc.clientID,
      clock,
      writer,
      device,
      storage: storage ?? device?.generation ?? 0,
      generation: generation(),
      told: 'nothing',
      // It may have died of this very edit.
      isLost: !writer.process.isAlive,
      isGone: false,
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
      if (mark.generation !== generation() || purges.has(conversation)) continue
      if (!relayHas(mark.conversation, mark.client, mark.clock)) {
        broken('synced-is-on-the-relay', `${text(mark)} was called synced and is not on the relay`)
      }
    }
  }

  /** It is said now: it has to be true now, unless the storage was deleted since, and the news is late. */
  const saved = (mark: Mark): void => {
    const { conversation, client, clock, device } = mark
    if (!device || purges.has(conversation)) return
    const isThere = device.clocks.has(conversation, client, clock)
    if (!isThere && mark.storage === device.generation) {
      broken('saved-is-on-the-device', `${text(mark)} was called saved and is not on the device`)
    }
    if (isThere && mark.told === 'nothing') mark.told = 'saved'
  }

  return {
    marks,
    opened: (tab, conversation) => {
      let before: string | null = null
      conversation.status.subscribe(() => {
        const status = conversation.status.get()
        const relay = status.kind === 'saved' ? status.relay : null
        if (relay === before) return
        if (before === null) for (const mark of of(tab, conversation.id)) saved(mark)
        before = relay
        if (relay !== 'sent' && relay !== 'synced') return
        synced(tab, conversation.id)
      })
    },
    wrote: (tab, conversation, before, tokens) => {
      const clock = clockIn(conversation.doc)
      if (clock === before) return null
      const mark = make(tab, conversation, clock, tokens)
      conversation.saved().then(
        () => saved(mark),
        // It is said that it is not saved; it may be later.
        () => undefined,
      )
      return mark
    },
    guestWrote: (guest, before, tokens) => {
      const clock = clockIn(guest.doc)
      if (clock !== before) make(guest, guest, clock, tokens)
    },
    flushed: (tab, conversation, { clock, token, storage }) => {
      saved(make(tab, conversation, clock, [token], storage))
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
    died: (writer) => {
      for (const mark of marks) if (mark.writer === writer) mark.isLost = true
    },
    reconsider: () => {
      for (const mark of marks) {
        const { conversation, client, clock, writer } = mark
        if (somebodyHas(conversation, client, clock)) continue
        mark.told = 'nothing'
        // Opened again since, it need not have been read before it was gone.
        const doc = 'open' in writer ? writer.open.get(conversation)?.doc : writer.doc
        const isInMemory = doc !== undefined && Y.getState(doc.store, client) >= clock
        mark.isGone = mark.isLost || !isInMemory
        mark.isLost = mark.isGone
      }
    },
    forgetPurges: () => {
      for (const id of purges.keys()) purges.set(id, false)
    },
  }
}

export function text(mark: Mark): string {
  const { conversation, client, clock, tokens, writer } = mark
  return `${conversation} client ${client} clock ${clock} ${tokens.join(' ')} of ${writer.name}`
}
