import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type { Connection, Membership, StockConnection } from './connection/port.ts'
import type { SpaceConnection, SyncChannel } from './connection/sync/port.ts'
import { type Watched, watchDocument } from './connection/sync/watch.ts'
import type { Chance, Clock } from './environment.ts'
import { createSending, READ_ONLY, type Sendable } from './sending.ts'
import type { Reason, RelayProgress } from './types.ts'

/** What ties one document in memory to the relay, by whichever way there is. */
export interface Link {
  /** The origin with which updates from the relay are applied. */
  readonly origin: unknown
  progress(): { readonly relay: RelayProgress; readonly reason?: Reason }
  /** Something was written, joined or marked: see whether there is something to do. `again`: also what did not hold before. */
  poke(again?: boolean): void
  /** Set over the stock endpoint. */
  readonly membership: Membership | null
  /** The open channel, over `/sync`. */
  channel(): SyncChannel | null
  close(): void
}

export interface LinkTarget extends Omit<Watched, 'onReached' | 'deliver'>, Omit<Sendable, 'marks' | 'onSent'> {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  deliver: Watched['deliver']
  onReached: Watched['onReached']
  onSent: Sendable['onSent']
}

export interface LinkOptions {
  readonly target: LinkTarget
  readonly clock: Clock
  readonly random: Chance
  /** The connection, or this document's part of it, stands otherwise now. `broke`: it has gone. */
  readonly onState: (broke: boolean) => void
}

export function linkDocument(connection: Connection, options: LinkOptions): Link {
  return connection.kind === 'stock' ? linkStock(connection, options) : linkSync(connection, options)
}

function linkStock(connection: StockConnection, { target, clock, onState }: LinkOptions): Link {
  const membership = connection.join(target.id, target.doc, target.awareness)
  const sending = createSending(connection, membership, { ...target, marks: target.record }, clock)
  const unsubscribe = [
    membership.state.subscribe(() => {
      onState(membership.state.get().kind === 'offline')
      sending.poke()
    }),
    connection.state.subscribe(() => onState(false)),
  ]
  sending.poke()
  return {
    origin: membership.origin,
    progress: sending.progress,
    poke: sending.poke,
    membership,
    channel: () => null,
    close: () => {
      for (const off of unsubscribe) off()
      sending.close()
      membership.leave()
    },
  }
}

function linkSync(connection: SpaceConnection, { target, clock, random, onState }: LinkOptions): Link {
  const watch = watchDocument(connection, target, { clock, random })
  const unsubscribe = [
    watch.state.subscribe(() => onState(watch.state.get().kind === 'offline')),
    connection.state.subscribe(() => onState(false)),
  ]
  return {
    origin: watch.origin,
    progress: () => {
      const space = connection.state.get()
      if (space.kind === 'refused') return { relay: 'refused', reason: space.reason }
      const mine = watch.state.get()
      if (mine.kind === 'refused') return { relay: 'refused', reason: mine.reason }
      if (space.kind !== 'connected') return { relay: 'offline' }
      const { edited, sent } = target.record()
      const waits = edited > Math.max(sent, watch.acked())
      const stuck = watch.stuck()
      if (waits && stuck) return { relay: 'refused', reason: stuck }
      if (waits && (!space.mayWrite || watch.readOnly())) return { relay: 'refused', reason: READ_ONLY }
      return { relay: !waits && mine.kind === 'joined' && !watch.pending() ? 'synced' : 'sending' }
    },
    poke: watch.poke,
    membership: null,
    channel: watch.channel,
    close: () => {
      for (const off of unsubscribe) off()
      watch.leave()
    },
  }
}
