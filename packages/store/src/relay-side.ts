import type { VersionRange } from '@holdfast/protocol'
import { type Background, startBackground } from './background.ts'
import type { BlobSync } from './blobs.ts'
import type { Connection } from './connection/port.ts'
import { spaceConnection } from './connection/sync/connection.ts'
import { probe } from './connection/sync/probe.ts'
import { websocketConnection } from './connection/websocket.ts'
import type { Environment } from './environment.ts'
import type { Journal } from './journal-port.ts'
import type { List } from './list.ts'
import type { Live } from './live-port.ts'
import type { Lives } from './lives.ts'
import type { FeedCursor } from './persistence/port.ts'
import { READ_ONLY } from './sending.ts'
import { type Learner, type SpaceSync, startSpaceSync } from './space-sync.ts'
import type { OpenStoreOptions, Reason, RelayAddress } from './types.ts'

export interface RelaySideOptions {
  readonly space: string
  readonly connect: OpenStoreOptions['connect']
  readonly versions: VersionRange
  readonly environment: Environment
  readonly journal: Journal
  readonly list: List
  readonly lives: Lives
  readonly blobs: BlobSync
  readonly isElsewhere: (id: string) => boolean
  readonly retire: (id: string, code: number, text: string) => Promise<void>
  readonly onRefusedUpdates: (id: string, code: number) => void
  /** The connection, or how it stands, is another. */
  readonly onChange: () => void
}

/** A store's way to its relay: which connection, and who works behind it for what nobody has open. */
export interface RelaySide {
  connection(): Connection | null
  /** Where the relay is and what lets us in now, for requests beside the connection. */
  address(): RelayAddress | null
  set(address: RelayAddress | null): void
  /** There is a relay, whether or not there is a way to it. */
  isSet(): boolean
  poke(): void
  /** Connects now, and tries now what the relay had no room for. */
  retry(): void
  /** The relay has another history, and nothing that is marked as sent holds (W11). */
  isVoid(): boolean
  /** Why the relay, connected, did not take edits that wait here; null when it refused none. */
  refusal(): Reason | null
  /** The device knows nothing any more of what the relay told. */
  restart(): void
  /** See `SpaceSync.learned`. */
  learned(cursor: FeedCursor, by: Learner): void
  close(): void
}

/** What is done behind a connection for documents that nobody has open. */
interface Work {
  poke(): void
  isVoid?(): boolean
  refusal?(): Reason | null
  retry?(): void
  learned?(cursor: FeedCursor, by: Learner): void
  close(): void
}

const isRefused = ({ status }: Live): boolean => {
  const now = status.get()
  return now.kind === 'saved' && now.relay === 'refused'
}

export function createRelaySide(options: RelaySideOptions): RelaySide {
  const { space, environment, journal, list, lives, onChange } = options
  const { clock, locks } = environment
  const connectSync: NonNullable<OpenStoreOptions['connect']> =
    options.connect ?? ((...where) => spaceConnection(...where, options.versions))
  let address: RelayAddress | null = null
  let connection: Connection | null = null
  let work: Work | null = null
  let stopWatching: () => void = () => undefined
  /** Counts the connections: what an earlier one asked for is not waited for any more. */
  let round = 0

  const drop = (): void => {
    round++
    work?.close()
    work = null
    stopWatching()
    stopWatching = () => undefined
    for (const live of lives.all()) live.connect(null)
    connection?.close()
    connection = null
  }

  const startStock = (stock: Extract<Connection, { kind: 'stock' }>): Background =>
    startBackground({
      space,
      connection: stock,
      journal,
      locks,
      clock,
      waiting: () => list.waiting(),
      everyId: () => Array.from(list.records(), (record) => record.id),
      acquire: (id) => lives.acquire(id, false),
      release: lives.release,
      isOpen: lives.isOpen,
    })

  const startSync = (
    sync: Extract<Connection, { kind: 'sync' }>,
    cursor: FeedCursor | null,
    blind: boolean,
  ): SpaceSync =>
    startSpaceSync({
      space,
      connection: sync,
      journal,
      list,
      lives,
      locks,
      clock,
      cursor,
      blind,
      isElsewhere: options.isElsewhere,
      retire: options.retire,
      onRefusedUpdates: options.onRefusedUpdates,
      blobs: options.blobs,
      onChange,
      // Within an effect of the connection that is about to be closed.
      onUnsupported: () => queueMicrotask(() => connection === sync && use(websocketConnection, true)),
    })

  /** A relay of an older version that comes back may have been upgraded. */
  const lookAgain = (made: Connection): (() => void) => {
    let was = made.state.get().kind
    return () => {
      const now = made.state.get().kind
      const back = was === 'offline' && now === 'connected'
      was = now
      if (!back || !address) return
      void probe(space, address, environment).then(({ kind }) => {
        if (kind === 'supported' && connection === made) use(connectSync)
      })
    }
  }

  /** @param instead the relay has no `/sync`, and this is what there is instead */
  const use = (make: NonNullable<OpenStoreOptions['connect']>, instead = false): void => {
    drop()
    if (!address) return
    const mine = round
    const made = make(space, address, environment)
    connection = made
    const look = instead ? lookAgain(made) : null
    stopWatching = made.state.subscribe(() => {
      look?.()
      options.blobs.forget()
      onChange()
      work?.poke()
    })
    for (const live of lives.all()) live.connect(made)
    if (made.kind === 'stock') {
      work = startStock(made)
      onChange()
      return
    }
    const start = (cursor: FeedCursor | null, blind: boolean): void => {
      if (mine !== round) return
      work = startSync(made, cursor, blind)
      onChange()
    }
    // A storage that cannot be read now: the feed is followed from its beginning.
    void journal
      .read((handle) => handle.cursor())
      .then(
        (cursor) => start(cursor, false),
        () => start(null, true),
      )
    onChange()
  }

  return {
    connection: () => connection,
    address: () => {
      if (!address || connection?.state.get().kind !== 'connected') return null
      return connection.kind === 'sync' ? { ...address, token: connection.token() } : address
    },
    set: (next) => {
      const renewed = connection?.kind === 'sync' && next !== null && next.url === address?.url
      address = next
      if (renewed && connection?.kind === 'sync' && next) connection.renew(next.token)
      else if (next) use(connectSync)
      else {
        drop()
        onChange()
      }
    },
    isSet: () => address !== null,
    poke: () => {
      work?.poke()
      // Over the stock endpoint nobody works for all: each tab sends what it knows of.
      if (connection?.kind === 'stock') options.blobs.upload()
    },
    retry: () => {
      connection?.retry()
      if (connection?.state.get().kind !== 'connected') return
      options.blobs.forget()
      for (const live of lives.all()) if (isRefused(live)) live.connect(connection)
      work?.retry?.()
    },
    isVoid: () => work?.isVoid?.() ?? false,
    refusal: () => {
      const state = connection?.state.get()
      if (state?.kind !== 'connected' || list.waiting().size === 0) return null
      if (!state.mayWrite) return READ_ONLY
      for (const live of lives.all()) {
        const now = live.status.get()
        if (isRefused(live) && list.waiting().has(live.id) && 'reason' in now && now.reason) return now.reason
      }
      return work?.refusal?.() ?? null
    },
    restart: () => {
      if (connection) use(connection.kind === 'sync' ? connectSync : websocketConnection)
    },
    learned: (cursor, by) => work?.learned?.(cursor, by),
    close: () => {
      work?.close()
      stopWatching()
      connection?.close()
    },
  }
}
