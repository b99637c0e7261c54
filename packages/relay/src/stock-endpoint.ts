import type { DocumentRef } from '@holdfast/update-log'
import type { Grant } from './access.ts'
import type { RelayEvent } from './events.ts'
import type { Metrics } from './metrics.ts'
import { moment } from './moment.ts'
import type { Clock, Limits } from './options.ts'
import type { Rooms } from './rooms.ts'
import { StockPeer } from './stock-peer.ts'
import type { Tenure, Tenures } from './tenure.ts'
import type { Wire, WireListener } from './wire.ts'

export interface StockEndpointOptions {
  readonly rooms: Rooms
  readonly clock: Clock
  readonly limits: Limits
  readonly metrics: Metrics
  readonly tenures: Tenures
  readonly report: (event: RelayEvent) => void
}

/** `/yjs/<space>/<document>`: all its connections. */
export interface StockEndpoint {
  /** The socket of somebody who was let in is there. */
  accept(target: DocumentRef, grant: Grant, wire: Wire): WireListener
  readonly size: number
  /** Called every second or so. */
  tick(): void
  /** Closes all, and resolves when they have gone. */
  close(): Promise<void>
}

export function createStockEndpoint(options: StockEndpointOptions, nextId: () => number): StockEndpoint {
  const { rooms, clock, limits, metrics, tenures, report } = options
  /** With what forgets when its token ends. */
  const peers = new Map<StockPeer, Tenure>()
  const left = moment()
  let isClosing = false

  function enter(peer: StockPeer, target: DocumentRef, grant: Grant): void {
    metrics.peers += 1
    peers.set(
      peer,
      tenures.begin(grant, (why) => peer.tell(why)),
    )
    report({ event: 'connected', peer: peer.id, ...target })
    peer.enter((member) => rooms.join(target, member))
    if (isClosing) peer.tell('shutting-down')
  }

  function forget(peer: StockPeer): void {
    const tenure = peers.get(peer)
    if (tenure === undefined) return
    tenure.close()
    peers.delete(peer)
    metrics.peers -= 1
    if (isClosing && peers.size === 0) left.resolve()
  }

  return {
    get size() {
      return peers.size
    },
    accept(target, grant, wire) {
      const peer = new StockPeer({
        id: nextId(),
        mayWrite: grant.role !== 'read',
        wire,
        limits,
        metrics,
        report,
        monotonic: () => clock.monotonic(),
        onGone: forget,
      })
      // The wire is told of nothing before this returns; the room is joined in the same turn, after it.
      queueMicrotask(() => enter(peer, target, grant))
      return peer
    },
    tick() {
      for (const peer of [...peers.keys()]) peer.tick()
    },
    async close() {
      isClosing = true
      if (peers.size === 0) left.resolve()
      for (const peer of [...peers.keys()]) peer.tell('shutting-down')
      await left.promise
    },
  }
}
