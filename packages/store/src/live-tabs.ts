import * as Y from 'yjs'
import type { Journal } from './journal-port.ts'
import type { PresenceLink } from './presence.ts'
import type { TabMessage, Tabs } from './tabs.ts'

export interface TabTalkOptions {
  readonly id: string
  readonly doc: Y.Doc
  readonly tabs: Tabs
  readonly journal: Pick<Journal, 'stateOf' | 'saved'>
  readonly presence: PresenceLink
  /** Applies what another tab has. `saved`: it is on the device. */
  readonly take: (update: Uint8Array, saved: boolean) => void
  /** Something waits in the document that is not known to be on the device. */
  readonly holdsUnkept: () => boolean
  readonly isOver: () => boolean
}

export type TabTalk = Extract<TabMessage, { type: 'unsaved' | 'opened' | 'state' | 'awareness' }>

/** What the tabs that have one document open say to each other of it, beside what they commit. */
export function talkWithTabs({ id, doc, tabs, journal, presence, take, holdsUnkept, isOver }: TabTalkOptions) {
  /** Tells a tab that opened this document what it lacks: nothing that is not on the device, unless it cannot be. */
  const answer = async (to: string, vector: Uint8Array): Promise<void> => {
    let saved = true
    // Looked at again after each wait: what is written meanwhile is part of the answer too.
    while (saved && !isOver() && journal.stateOf(id) !== 'clean') {
      saved = await journal.saved(id).then(
        () => true,
        () => false,
      )
    }
    if (isOver()) return
    presence.announce()
    tabs.post({ type: 'state', to, id, update: Y.encodeStateAsUpdate(doc, vector), saved: saved && !holdsUnkept() })
  }

  return {
    /** Asks the other tabs for what they have and this document lacks. */
    ask: (): void => tabs.post({ type: 'opened', from: tabs.self, id, vector: Y.encodeStateVector(doc) }),
    receive: (message: TabTalk): void => {
      switch (message.type) {
        case 'unsaved':
          take(message.update, false)
          break
        case 'opened':
          void answer(message.from, message.vector)
          break
        case 'state':
          if (message.to === tabs.self) take(message.update, message.saved)
          break
        case 'awareness':
          presence.receive(message.update)
          break
      }
    },
  }
}
