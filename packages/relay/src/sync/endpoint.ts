import type { CommitEvent } from '@holdfast/update-log'
import type { Place } from '../crowd.ts'
import { moment } from '../moment.ts'
import type { Wire, WireListener } from '../wire.ts'
import { SyncPeer } from './peer.ts'
import type { SyncServices } from './services.ts'
import { SyncSpace } from './space.ts'

/** `/sync/<space>`: all its connections. */
export interface SyncEndpoint {
  /** A socket is there for this space; whether there is such a space is told once the hello's token is good. */
  accept(space: string, wire: Wire, place: Place): WireListener
  /** Connections, admitted or not. */
  readonly size: number
  /** Called every second or so. */
  tick(): void
  /** Finishes what was taken, tells it, closes all, and resolves when they have gone. */
  close(): Promise<void>
}

export function createSyncEndpoint(services: SyncServices, nextId: () => number): SyncEndpoint {
  const { log, clock, metrics, rooms } = services
  const spaces = new Map<string, SyncSpace>()
  const peers = new Set<SyncPeer>()
  let { history } = log
  let onLastGone: (() => void) | null = null
  let isClosing = false

  const stopListening = log.onCommit(({ changes }) => {
    lookAtHistory()
    const bySpace = new Map<string, CommitEvent['changes'][number][]>()
    for (const change of changes) {
      if (!spaces.has(change.space)) continue
      const list = bySpace.get(change.space)
      if (list === undefined) bySpace.set(change.space, [change])
      else list.push(change)
    }
    for (const [name, list] of bySpace) spaces.get(name)?.committed(list)
  })

  /** W11: the storage was opened anew with something missing, or its history was renewed. */
  function lookAtHistory(): void {
    if (log.history === history) return
    history = log.history
    for (const peer of [...peers]) peer.incarnationChanged()
    for (const space of spaces.values()) space.close()
    spaces.clear()
  }

  function spaceOf(name: string): SyncSpace {
    let space = spaces.get(name)
    if (space === undefined) {
      space = new SyncSpace(name, log, clock)
      spaces.set(name, space)
    }
    return space
  }

  function gone(peer: SyncPeer): void {
    if (!peers.delete(peer)) return
    metrics.peers -= 1
    if (peers.size === 0) onLastGone?.()
  }

  return {
    get size() {
      return peers.size
    },
    accept(name, wire, place) {
      lookAtHistory()
      const peer = new SyncPeer({
        id: nextId(),
        wire,
        space: spaceOf(name),
        services,
        onAdmitted: place.settled,
        onGone: (one) => {
          place.settled()
          gone(one)
        },
      })
      peers.add(peer)
      metrics.peers += 1
      peer.begin()
      // The wire is told of nothing before this returns.
      if (isClosing) queueMicrotask(() => peer.shutDown())
      return peer
    },
    tick() {
      lookAtHistory()
      for (const peer of [...peers]) peer.tick()
    },
    async close() {
      isClosing = true
      for (const peer of peers) peer.drain()
      await rooms.written()
      const left = moment()
      onLastGone = left.resolve
      if (peers.size === 0) left.resolve()
      for (const peer of [...peers]) peer.shutDown()
      await left.promise
      stopListening()
      for (const space of spaces.values()) space.close()
    },
  }
}
