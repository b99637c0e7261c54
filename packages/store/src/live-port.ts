import type { ConversationReader } from '@holdfast/conversation'
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type { Connection, Membership } from './connection/port.ts'
import type { SyncChannel } from './connection/sync/port.ts'
import type { Chance, Clock } from './environment.ts'
import type { Committed, Journal } from './journal-port.ts'
import type { LeaseDesk } from './leases.ts'
import type { DocumentRecord } from './persistence/port.ts'
import type { PresenceLink } from './presence.ts'
import type { Listeners, Signal } from './signal.ts'
import type { TabMessage, Tabs } from './tabs.ts'
import type { ConversationStatus } from './types.ts'

export interface LiveOptions {
  readonly id: string
  readonly journal: Journal
  readonly tabs: Tabs
  readonly clock: Clock
  readonly random: Chance
  /** This document is kept level by this tab from now on, or no longer. */
  readonly onWatching: (on: boolean) => void
  readonly leases: Pick<LeaseDesk, 'onLeased' | 'onStopRequested' | 'forget'>
  /** W9: its epoch is refused for good. */
  readonly onOver: (id: string, code: number, epoch: string, text: string) => void
  /** Keeps the whole state where the relay will not take it; `code` says why, by default because it was purged. */
  readonly keepAside: (id: string, state: () => Uint8Array, code?: number) => void
  /** The record as the list knows it. */
  readonly record: () => DocumentRecord | undefined
  /** Shown to others as being here. A document opened only to be synced is not. */
  readonly visible: boolean
}

/** One conversation in memory, however many have it open. */
export interface Live {
  readonly id: string
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly reader: ConversationReader
  readonly presence: PresenceLink
  readonly status: Signal<ConversationStatus>
  readonly changed: Listeners
  /** Told of changes that are more than growing text. */
  readonly restructured: Listeners
  /** Resolves when what the device had is in the document, or could not be read (`status` says so). */
  readonly loaded: Promise<void>
  isLoaded(): boolean
  /** Reads what the device has, if that did not work before. */
  load(): Promise<void>
  edit<T>(change: (doc: Y.Doc) => T): T
  connect(connection: Connection | null): void
  /** Over the stock endpoint. */
  membership(): Membership | null
  /** Over `/sync`, while its channel is open. */
  channel(): SyncChannel | null
  /** The life of the document that is in memory is over (`life.ts`): what is added is kept aside, whatever begins anew under its name. */
  isOver(): boolean
  /** It is over, and the conversation lives again: whoever opens it now gets that, in a document of its own. */
  isPast(): boolean
  /** The summary to store beside the next row; null when it did not change, unless it is asked for. */
  takeSummary(asked: boolean): Uint8Array | null
  onCommitted(change: Committed): void
  /** The storage is another one and knows nothing of this document yet. */
  onFresh(): void
  receive(message: Extract<TabMessage, { type: 'committed' | 'unsaved' | 'opened' | 'state' | 'awareness' }>): void
  /** True when the device, and the relay if one is connected, have all of it. */
  isSettled(): boolean
  /** The history that marks speak of is written down: those that were left out may hold now. */
  onLearned(): void
  /** The record is another one than this document was told of: rows that are not in it are read. */
  onFound(): void
  show(): void
  refresh(): void
  /** All of it as one update, without what waits for something missing; null when there is nothing in it that belongs on the device. */
  wholeState(): Uint8Array | null
  onDestroy(listener: () => void): void
  compact(): Promise<void>
  destroy(): void
}
