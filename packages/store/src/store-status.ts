import type { AsideKeeper } from './aside.ts'
import type { BlobSync } from './blobs.ts'
import type { Connection } from './connection/port.ts'
import type { Journal } from './journal-port.ts'
import type { List } from './list.ts'
import type { RelaySide } from './relay-side.ts'
import type { Persisted, StoreStatus, Wire } from './types.ts'

export interface StatusSources {
  readonly relay: Pick<RelaySide, 'connection' | 'isVoid' | 'refusal'>
  readonly journal: Pick<Journal, 'failure'>
  readonly list: List
  readonly blobs: Pick<BlobSync, 'waiting' | 'refusal'>
  readonly aside: Pick<AsideKeeper, 'get'>
  readonly storage: Persisted
}

/** How the whole space stands. */
export function storeStatus({ relay, journal, list, blobs, aside, storage }: StatusSources): StoreStatus {
  const state = relay.connection()?.state.get()
  const failure = journal.failure()
  const wire = state?.kind === 'connected' ? wireOf(relay.connection()) : null
  const notTaken = relay.refusal()
  const fileNotTaken = blobs.refusal()
  return {
    relay: state?.kind ?? 'none',
    ...(state && 'reason' in state ? { reason: state.reason } : {}),
    ...(wire ? { wire } : {}),
    waiting: relay.isVoid() ? list.get().length : list.waiting().size,
    ...(notTaken ? { notTaken } : {}),
    behind: list.behind().size,
    uploads: blobs.waiting(),
    ...(fileNotTaken ? { uploadsRefused: fileNotTaken } : {}),
    aside: aside.get().length,
    storage,
    ...(failure ? { notSaved: { reason: failure.error, since: failure.since } } : {}),
  }
}

function wireOf(connection: Connection | null): Wire | null {
  if (connection?.kind !== 'sync') return connection && { kind: 'stock' }
  const version = connection.version()
  return version === null ? null : { kind: 'sync', version }
}

function sameWire(a: Wire | undefined, b: Wire | undefined): boolean {
  const version = (wire: Wire | undefined): number => (wire?.kind === 'sync' ? wire.version : 0)
  return a?.kind === b?.kind && version(a) === version(b)
}

export function sameStoreStatus(a: StoreStatus, b: StoreStatus): boolean {
  return (
    a.relay === b.relay &&
    a.reason?.code === b.reason?.code &&
    sameWire(a.wire, b.wire) &&
    a.waiting === b.waiting &&
    a.notTaken?.code === b.notTaken?.code &&
    a.behind === b.behind &&
    a.uploads === b.uploads &&
    a.uploadsRefused?.code === b.uploadsRefused?.code &&
    a.aside === b.aside &&
    a.storage === b.storage &&
    a.notSaved?.reason === b.notSaved?.reason &&
    a.notSaved?.since === b.notSaved?.since
  )
}
