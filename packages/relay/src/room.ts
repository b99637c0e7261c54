import {
  type AwarenessEntry,
  encodeAwareness,
  encodeAwarenessFrame,
  encodeStateVector,
  encodeUpdate,
  Intake,
  joinUpdates,
  Presence,
  type StateVector,
} from '@holdfast/protocol'
import { type DocumentRef, isUpdateLogError, type LogStats, type UpdateLog } from '@holdfast/update-log'
import type { RelayEvent } from './events.ts'
import type { Metrics } from './metrics.ts'
import type { Clock, Limits } from './options.ts'
import { partsOf, StateCache } from './state-cache.ts'

/** One who is in a room: a stock connection, and later a channel of a shared one. */
export interface Member {
  /** The document has loaded; from now on updates and awareness come. */
  loaded(): void
  /** The room ends; nothing more comes of it. What was sent and not answered for may not be stored. */
  failed(why: RoomFailure): void
  /** @param frame `update` as a stock message */
  update(update: Uint8Array, frame: Uint8Array): void
  awareness(frame: Uint8Array): void
}

/** `load-failed` and `append-failed` may be over in a moment; `purged` is for good. */
export type RoomFailure = 'load-failed' | 'append-failed' | 'purged'

/** How far the document's log has come: the number of its last record, within an epoch. Null when it has no record yet. */
export interface Position {
  readonly epoch: string
  readonly seq: number
}

export interface RoomServices {
  readonly log: UpdateLog
  readonly clock: Clock
  readonly limits: Limits
  readonly metrics: Metrics
  readonly report: (event: RelayEvent) => void
  /** Called when a room holds nothing any more and nobody needs it. */
  readonly onEmpty: (room: Room) => void
  /** Called when a room can serve nobody any more: whoever comes next gets a new one. */
  readonly onFailed: (room: Room) => void
  readonly onWorthCompacting: (room: Room) => void
}

/**
 * - `loading` its members wait for the log
 * - `open` serving
 * - `failed` its load or a write failed; its members have been told to go, nobody joins
 * - `unloaded` it was idle and is forgotten
 */
export type RoomState = 'loading' | 'open' | 'failed' | 'unloaded'

interface Accepted {
  readonly update: Uint8Array
  readonly from: Member
}

interface Fence {
  /** How many accepted updates must be durable first. */
  readonly after: number
  readonly run: () => void
}

const EMPTY_STATS: LogStats = { snapshotBytes: 0, tailUpdates: 0, tailBytes: 0 }

/** A document while it is in use. What is accepted is written in order, one write at a time, and shown when it is durable. */
export class Room {
  readonly ref: DocumentRef
  readonly presence = new Presence()
  readonly intake = new Intake()
  /** How the document lies on the disk. */
  stats: LogStats = EMPTY_STATS
  /** What is durable and has been shown. */
  position: Position | null = null
  #state: RoomState = 'loading'
  readonly #services: RoomServices
  readonly #members = new Set<Member>()
  readonly #cache: StateCache
  /** Accepted and not yet being written. */
  #queue: Accepted[] = []
  #writing = false
  #accepted = 0
  #durable = 0
  #fences: Fence[] = []
  #cancelUnload: (() => void) | null = null
  #onSettled: (() => void)[] = []

  constructor(ref: DocumentRef, services: RoomServices) {
    this.ref = ref
    this.#services = services
    const { log, clock, limits } = services
    this.#cache = new StateCache({ log, ref, clock, keptFor: limits.stateKeptFor })
    this.#load().catch((error: unknown) => this.#loadFailed(error))
  }

  get state(): RoomState {
    return this.#state
  }

  get memberCount(): number {
    return this.#members.size
  }

  /** Adds a member; `loaded` is called at once when the room is open. Only for rooms that are loading or open. */
  join(member: Member): void {
    this.#cancelUnload?.()
    this.#cancelUnload = null
    this.#members.add(member)
    this.presence.join(member)
    if (this.#state === 'open') member.loaded()
  }

  leave(member: Member): void {
    if (!this.#members.delete(member)) return
    const gone = this.presence.leave(member)
    if (gone !== null) this.#tell(gone)
    this.#rest()
  }

  /** Takes an update that the intake decided to store: it will be written, then shown to the others (W2). */
  store(update: Uint8Array, from: Member): void {
    if (this.#state !== 'open') return
    this.#services.metrics.updates += 1
    this.#services.metrics.updateBytes += update.length
    this.#accepted += 1
    this.#queue.push({ update, from })
    // What arrives in the same turn of the event loop is written together.
    if (this.#queue.length === 1 && !this.#writing) setImmediate(() => this.#write())
  }

  /** Runs when everything accepted so far is durable (W1); never when a write of it fails. */
  whenDurable(run: () => void): void {
    if (this.#durable >= this.#accepted) run()
    else this.#fences.push({ after: this.#accepted, run })
  }

  stateVector(): StateVector {
    return this.intake.stateVector()
  }

  /** What a peer with this state vector lacks of what is durable. */
  difference(stateVector: Uint8Array): Promise<Uint8Array> {
    return this.#cache.difference(stateVector)
  }

  /** Tells everybody, the speaker too (W10). */
  hear(member: Member, entries: readonly AwarenessEntry[]): void {
    const heard = this.presence.hear(member, entries)
    if (heard !== null) this.#tell(heard)
  }

  /** The document was purged (W9): nobody can read or write it here any more. */
  purged(): void {
    if (this.#state === 'loading' || this.#state === 'open') this.#fail('purged')
  }

  /** Resolves when nothing is being written and nothing waits to be. */
  settled(): Promise<void> {
    if (!this.#writing && this.#queue.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onSettled.push(resolve))
  }

  async #load(): Promise<void> {
    const { log, metrics, report } = this.#services
    const loaded = await log.load(this.ref)
    if (this.#state !== 'loading') return
    if (loaded === null && (await log.stat(this.ref))?.kind === 'purged') {
      this.purged()
      return
    }
    if (this.#state !== 'loading') return
    const parts = partsOf(loaded)
    for (const part of parts) this.intake.restore(part)
    if (loaded !== null) {
      this.stats = loaded.stats
      this.position = { epoch: loaded.epoch, seq: loaded.seq }
    }
    this.#cache.fill(parts)
    metrics.loads += 1
    report({ event: 'room-loaded', ...this.ref, updates: parts.length })
    this.#state = 'open'
    for (const member of [...this.#members]) if (this.#members.has(member)) member.loaded()
    this.#rest()
  }

  /** W3: refused, and nothing is written over what could not be read. */
  #loadFailed(error: unknown): void {
    if (this.#state !== 'loading') throw error
    this.#services.metrics.loadFailures += 1
    this.#services.report({ event: 'load-failed', ...this.ref, error: messageOf(error) })
    this.#fail('load-failed')
  }

  #appendFailed(error: unknown): void {
    if (this.#state !== 'open') return
    this.#services.metrics.appendFailures += 1
    this.#services.report({ event: 'append-failed', ...this.ref, error: messageOf(error) })
    this.#fail(isUpdateLogError(error, 'PURGED') ? 'purged' : 'append-failed')
  }

  #fail(why: RoomFailure): void {
    this.#end('failed')
    for (const member of [...this.#members]) member.failed(why)
  }

  #write(): void {
    if (this.#writing || this.#queue.length === 0 || this.#state !== 'open') return
    const { log, clock, metrics } = this.#services
    const batch = this.#queue
    this.#queue = []
    this.#writing = true
    const update = batch.length === 1 ? batch[0]!.update : joinUpdates(batch.map((accepted) => accepted.update))
    const begun = clock.monotonic()
    log.append(this.ref, update).then(
      ({ epoch, seq }) => {
        this.#writing = false
        this.position = { epoch, seq }
        metrics.appended(clock.monotonic() - begun)
        this.#written(batch, update)
      },
      (error: unknown) => {
        this.#writing = false
        this.#appendFailed(error)
        this.#rest()
      },
    )
  }

  #written(batch: readonly Accepted[], update: Uint8Array): void {
    if (this.#state !== 'open') {
      this.#rest()
      return
    }
    this.#durable += batch.length
    const { snapshotBytes, tailUpdates, tailBytes } = this.stats
    this.stats = { snapshotBytes, tailUpdates: tailUpdates + 1, tailBytes: tailBytes + update.length }
    this.#cache.add(update)
    this.#show(batch, update)
    while (this.#fences.length > 0 && this.#fences[0]!.after <= this.#durable) this.#fences.shift()!.run()
    if (this.stats.tailUpdates >= COMPACT_WHILE_OPEN && this.stats.tailUpdates % COMPACT_WHILE_OPEN === 0) {
      this.#services.onWorthCompacting(this)
    }
    this.#write()
    this.#rest()
  }

  /** W2. A batch of one sender is not shown to it; of several, to all, for whom their own part is no news. */
  #show(batch: readonly Accepted[], update: Uint8Array): void {
    const [first] = batch
    const only = batch.every((accepted) => accepted.from === first!.from) ? first!.from : null
    let frame: Uint8Array | null = null
    for (const member of this.#members) {
      if (member === only) continue
      frame ??= encodeUpdate(update)
      member.update(update, frame)
    }
  }

  #tell(entry: AwarenessEntry): void {
    if (this.#state !== 'open') return
    const frame = encodeAwarenessFrame(encodeAwareness([entry]))
    for (const member of this.#members) member.awareness(frame)
  }

  /** Looks whether there is anything left to stay for. */
  #rest(): void {
    if (this.#writing || this.#queue.length > 0) {
      if (this.#state === 'open') return
      this.#queue = []
    }
    for (const resolve of this.#onSettled.splice(0)) resolve()
    if (this.#members.size > 0 || this.#state !== 'open' || this.#cancelUnload !== null) return
    this.#cancelUnload = this.#services.clock.after(this.#services.limits.idleAfter, () => {
      this.#cancelUnload = null
      if (this.#members.size > 0 || this.#writing || this.#queue.length > 0 || this.#state !== 'open') return
      this.#end('unloaded')
    })
  }

  #end(state: 'failed' | 'unloaded'): void {
    this.#state = state
    this.#cancelUnload?.()
    this.#cancelUnload = null
    this.#fences = []
    this.#cache.clear()
    if (state === 'failed') this.#services.onFailed(this)
    else this.#services.onEmpty(this)
  }
}

/** A document that stays open is compacted each time so many records have gathered. */
const COMPACT_WHILE_OPEN = 2_000

export function encodedStateVector(room: Room): Uint8Array {
  return encodeStateVector(room.stateVector())
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
