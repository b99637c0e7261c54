import type { Connection } from './connection/port.ts'
import type { Chance, Clock } from './environment.ts'
import type { LeaseDesk } from './leases.ts'
import { type Link, type LinkTarget, linkDocument } from './live-link.ts'

export interface LiveRelayOptions {
  readonly id: string
  readonly clock: Clock
  readonly random: Chance
  /** Somebody sees the document. */
  readonly visible: boolean
  /** The document, as one connection is to know it. */
  readonly targetOf: (connection: Connection) => LinkTarget
  /** No relay is to have anything more of it. */
  readonly isOver: () => boolean
  readonly leases: Pick<LeaseDesk, 'forget'>
  /** Asks the other tabs to say again who is there. */
  readonly askTabs: () => void
  /** This document is kept level by this tab from now on, or no longer. */
  readonly onWatching: (on: boolean) => void
  /** How it stands with the relay is another thing now. */
  readonly onChange: () => void
}

/**
 * Whether one document in memory has a link to the relay: when there is a connection and the device has been asked, and over `/sync`, which
 * keeps what is closed level without one, when somebody sees it.
 */
export interface LiveRelay {
  /** The link, while there is one. */
  link(): Link | null
  /** What is applied with this origin came over that link. */
  brought(origin: unknown): boolean
  /** The device has been asked what it has, whether or not it could say: a relay is joined with that, never empty-handed. */
  start(): void
  connect(connection: Connection | null): void
  disconnect(): void
  /** Somebody sees the document now. */
  show(): void
}

export function createLiveRelay(options: LiveRelayOptions): LiveRelay {
  const { id, clock, random, targetOf, isOver, leases, askTabs, onWatching, onChange } = options
  let link: Link | null = null
  let watched = false
  let started = false
  let shown = options.visible
  let wished: Connection | null = null
  /** Given while nobody sees the document: over one socket for all, that alone is no reason for a channel. */
  let later: Connection | null = null

  const onState = (broke: boolean): void => {
    // Leaving, everybody was forgotten, the other tabs' windows too: they are asked to say it again.
    if (broke) {
      askTabs()
      leases.forget(id)
    }
    const watching = link?.channel() != null
    if (watching !== watched) onWatching(watching)
    watched = watching
    onChange()
  }

  const disconnect = (): void => {
    if (link !== null) {
      link.close()
      link = null
      // Leaving, everybody was forgotten: the other tabs' windows are asked to say it again, and who answers is the next connection's to tell.
      leases.forget(id)
      if (!isOver()) askTabs()
    }
    if (watched) onWatching(false)
    watched = false
  }

  const connect = (connection: Connection | null): void => {
    wished = connection
    if (!started) return
    disconnect()
    later = connection?.kind === 'sync' && !shown ? connection : null
    if (connection && !later && !isOver()) {
      link = linkDocument(connection, { clock, random, onState, target: targetOf(connection) })
    }
    onChange()
  }

  return {
    link: () => link,
    brought: (origin) => link !== null && origin === link.origin,
    start: () => {
      if (started) return
      started = true
      if (wished) connect(wished)
    },
    connect,
    disconnect,
    show: () => {
      shown = true
      if (later) connect(later)
    },
  }
}
