import { type AwarenessEntry, encodeStateVector, type Presence, type StateVector } from '@holdfast/protocol'
import {
  type Ahead,
  type Appended,
  type CompactResult,
  type DocumentRef,
  isUpdateLogError,
  type LogStats,
  shouldCompactOpen,
  type UpdateLog,
  UpdateLogError,
} from '@holdfast/update-log'
import { Audience } from './audience.ts'
import type { Left } from './bring-in.ts'
import { messageOf, type RelayEvent } from './events.ts'
import { AT_ONCE_STORED, bytesOf, type Examiner } from './examine/port.ts'
import { DOCUMENT_FULL, type Full, Judging, SPACE_FULL } from './judging.ts'
import { LateIntake } from './late-intake.ts'
import { loadStored } from './load-stored.ts'
import type { CaughtUp, Member, RoomFailure } from './member.ts'
import type { Metrics } from './metrics.ts'
import type { Clock, Limits } from './options.ts'
import type { Quota } from './quota.ts'
import type { StateBudget } from './state-budget.ts'
import { partsOf, StateCache } from './state-cache.ts'
import type { WriteHealth } from './write-health.ts'
import { type Accepted, type Settle, Writes, type Written } from './writes.ts'

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
  readonly examiner: Examiner
  /** Shared by all rooms. */
  readonly states: StateBudget
  readonly health: WriteHealth
  /** Null: everybody is shown what is durable, and nothing before. */
  readonly ahead: Ahead | null
  readonly report: (event: RelayEvent) => void
  readonly quota: Quota
  /** Draws epochs. */
  readonly randomId: () => string
  /** Called with what was shown ahead and could not be stored. */
  readonly onKept: (left: Left) => void
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

const EMPTY_STATS: LogStats = { snapshotBytes: 0, tailUpdates: 0, tailBytes: 0 }
const NONE: readonly string[] = []

/**
 * A document while it is in use. What is accepted is written in order, one write at a time, and shown when it is durable; to those who hear ahead as
 * soon as this process may end without losing it.
 */
export class Room {
  readonly ref: DocumentRef
  readonly judging: Judging
  /** How the document lies on the disk. */
  stats: LogStats = EMPTY_STATS
  /** What is durable and has been shown to everybody. */
  position: Position | null = null
  #state: RoomState = 'loading'
  readonly #services: RoomServices
  readonly #audience = new Audience()
  readonly #cache: StateCache
  readonly #writes: Writes<Member>
  /** The epoch that it lives under, or will: whoever comes first to a document that is not there says which. */
  #epoch: string | null = null
  /** Epochs that were purged. */
  #refused = NONE
  /** Updates that were shown ahead and are not durable, oldest first. */
  #ahead: Uint8Array[] = []
  /** Somebody was here who may well come back. */
  #lingers = false
  #cancelUnload: (() => void) | null = null
  #onSettled: (() => void)[] = []
  readonly #known = new LateIntake((error) => this.#unreadable(error))

  constructor(ref: DocumentRef, services: RoomServices) {
    this.ref = ref
    this.#services = services
    const { log, clock, limits, examiner, report } = services
    this.judging = new Judging({
      intake: () => this.#known.intake,
      examiner,
      isOpen: () => this.#state === 'open',
      full: () => this.full,
      onTooCostly: (reason) => report({ event: 'too-costly', ...ref, reason }),
    })
    this.#cache = new StateCache({ log, ref, clock, examiner, budget: services.states, keptFor: limits.stateKeptFor })
    this.#writes = new Writes({
      ref,
      log,
      clock,
      metrics: services.metrics,
      epoch: () => this.#epoch ?? undefined,
      showAhead: (batch, update) => this.#showAhead(batch, update),
      isForAhead: (batch) => this.#isForAhead(batch),
      onDurable: (shown) => this.#release(shown),
      onWritten: (record, appended) => this.#written(record, appended),
      onFailed: (error) => this.#appendFailed(error),
      onIdle: () => this.#rest(),
    })
    this.#load().catch((error: unknown) => this.#loadFailed(error))
  }

  get state(): RoomState {
    return this.#state
  }

  get memberCount(): number {
    return this.#audience.size
  }

  get presence(): Presence {
    return this.#audience.presence
  }

  /** Null while nobody has said it. */
  get epoch(): string | null {
    return this.#epoch
  }

  /** Adds a member; `loaded` or `failed` is called at once when the room is open. Only for rooms that are loading or open. */
  join(member: Member): void {
    this.#cancelUnload?.()
    this.#cancelUnload = null
    this.#audience.enter(member)
    if (this.#state === 'open') this.#admit(member)
  }

  leave(member: Member): void {
    if (!this.#audience.has(member)) return
    const gone = this.#audience.leave(member)
    if (gone !== null) this.#tell(gone)
    this.#rest()
  }

  /** Takes an update that the intake decided to store: it will be written, then shown to the others (W2). */
  store(update: Uint8Array, from: Member, settle: Settle | null = null): void {
    if (this.#state !== 'open') {
      settle?.({ kind: 'failed', error: new UpdateLogError('CLOSED', 'The room has ended.') })
      return
    }
    this.#services.metrics.updates += 1
    this.#services.metrics.updateBytes += update.length
    this.#services.quota.took(this.ref.space, update.length)
    this.#writes.add({ update, from, settle })
  }

  /** Runs when everything accepted so far is durable (W1); `failed` instead when it will not be. */
  whenDurable(run: () => void, failed: ((error: unknown) => void) | null = null): void {
    this.#writes.whenDurable(run, failed)
  }

  /** Has a summary written with the updates that wait to be. @returns false when none do */
  summarize(summary: Uint8Array, settle: Settle): boolean {
    return this.#writes.summarize(summary, settle)
  }

  /** Why nothing more can be stored here now; null when it can. Reading goes on. */
  get full(): Full | null {
    const { limits, quota } = this.#services
    if (quota.isFull(this.ref.space)) return SPACE_FULL
    const { snapshotBytes, tailBytes } = this.stats
    return limits.documentBytes > 0 && snapshotBytes + tailBytes >= limits.documentBytes ? DOCUMENT_FULL : null
  }

  stateVector(): StateVector {
    return this.#known.intake.stateVector()
  }

  /** Runs when the state vector can be told without anybody waiting for it: at once, but for a large document that was opened just now. */
  whenRead(run: () => void): void {
    this.#known.whenRead(run)
  }

  /** What a peer with this state vector lacks of what is durable. */
  difference(stateVector: Uint8Array): Promise<Uint8Array> {
    return this.#answer(this.#cache.difference(stateVector))
  }

  /** The same as updates to be taken one after the other, at least one. */
  async pieces(stateVector: Uint8Array): Promise<readonly Uint8Array[]> {
    // While nothing is being written the intake knows what is durable and no more.
    const deletions = this.#writes.isIdle ? this.#known.deletionsFor(stateVector) : null
    return this.#answer(deletions === null ? this.#cache.pieces(stateVector) : Promise.resolve([deletions]))
  }

  async #answer<T>(reading: Promise<T>): Promise<T> {
    const answer = await this.#reading(reading)
    // Who is alone has it now. Where several are, others are on their way.
    if (this.#audience.size === 1) this.#cache.letGo()
    return answer
  }

  /**
   * What somebody lacks who has everything up to the position `seq` (0: unknown) and otherwise what `stateVector` says, of what has been
   * shown by now: the records after `seq` if the log still has them, else the difference of states.
   * @throws what the log's `load` throws; BadUpdateError
   */
  async catchUp(seq: number, stateVector: Uint8Array): Promise<CaughtUp> {
    const to = this.position?.seq ?? 0
    if (to === 0 || seq === to) return { seq: to, update: null }
    const records = seq > 0 && seq < to ? await this.#reading(this.#cache.between(seq, to)) : null
    const update = records ?? (await this.difference(stateVector))
    return { seq: to, update: isEmpty(update) ? null : update }
  }

  /** Passes on what was read; damage that is found by reading ends the room. */
  async #reading<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading
    } catch (error) {
      this.damaged(error)
      throw error
    }
  }

  /** What is stored turned out to be damaged, if that is the error: whoever comes next gets a room that sets it aside first. */
  damaged(error: unknown): void {
    if (isUpdateLogError(error, 'DAMAGED')) this.#unreadable(error)
  }

  /** Its log was compacted up to a record; those that came meanwhile are still there. */
  compacted({ outcome, through, bytesBefore, bytesAfter }: CompactResult): void {
    if (outcome === 'superseded') return
    const tailUpdates = Math.max(0, (this.position?.seq ?? 0) - through)
    const compactedTail = bytesBefore - this.stats.snapshotBytes
    const tailBytes = tailUpdates === 0 ? 0 : Math.max(0, this.stats.tailBytes - compactedTail)
    this.stats = { snapshotBytes: bytesAfter, tailUpdates, tailBytes }
  }

  /** Tells everybody, the speaker too (W10). */
  hear(member: Member, entries: readonly AwarenessEntry[]): void {
    const heard = this.presence.hear(member, entries)
    if (heard !== null) this.#tell(heard)
  }

  /** This epoch was purged (W9): nobody can read or write it here any more. */
  purged(epoch: string): void {
    const isOther = this.#state === 'open' && this.#epoch !== epoch
    if ((this.#state === 'loading' || this.#state === 'open') && !isOther) this.#fail('purged')
  }

  /** Resolves when nothing is being written and nothing waits to be. */
  settled(): Promise<void> {
    if (this.#writes.isIdle) return Promise.resolve()
    return new Promise((resolve) => this.#onSettled.push(resolve))
  }

  async #load(): Promise<void> {
    const { log, metrics, report, quota } = this.#services
    const loaded = await loadStored(this.ref, this.#services)
    if (quota.bytes > 0) await quota.counted(this.ref.space)
    if (this.#state !== 'loading') return
    this.#refused = loaded === null ? ((await log.stat(this.ref))?.refused ?? []) : loaded.refused
    if (this.#state !== 'loading') return
    const parts = partsOf(loaded)
    if (bytesOf(parts) <= AT_ONCE_STORED) this.#known.take(parts)
    else this.#known.adopt(await this.#services.examiner.restore(parts))
    if (this.#state !== 'loading') return
    if (loaded !== null) {
      this.stats = loaded.stats
      this.#epoch = loaded.epoch
      this.position = { epoch: loaded.epoch, seq: loaded.seq }
    }
    this.#cache.fill(loaded)
    metrics.loads += 1
    report({ event: 'room-loaded', ...this.ref, updates: parts.length })
    this.#state = 'open'
    for (const member of this.#audience.all()) if (this.#audience.has(member)) this.#admit(member)
    this.#rest()
  }

  #admit(member: Member): void {
    const why = this.#objection(member)
    if (why === null) {
      if (member.isBrief !== true) this.#lingers = true
      this.#epoch ??= this.#services.randomId()
      member.loaded()
      return
    }
    this.#audience.leave(member)
    member.failed(why)
    this.#rest()
  }

  /** W9: whether a member that knows the document by this epoch can be served; whoever comes first says what it is (Y12). */
  #objection({ epoch: wanted = '', isOld = false }: Member): RoomFailure | null {
    if (this.#refused.includes(wanted)) return 'purged'
    if (this.#epoch !== null) return null
    if ((wanted === '' || isOld) && this.#refused.length > 0) return 'purged'
    if (wanted !== '') this.#epoch = wanted
    return null
  }

  /** W3: refused, and nothing is written over what could not be read. */
  #loadFailed(error: unknown): void {
    // Then it is not of the load, but ours.
    if (this.#state === 'open') throw error
    // It was purged while it loaded, and everybody was told.
    if (this.#state === 'loading') this.#unservable(error)
  }

  /** W3: what was found out late all the same. */
  #unreadable(error: unknown): void {
    if (this.#state === 'open') this.#unservable(error)
  }

  #unservable(error: unknown): void {
    this.#services.metrics.loadFailures += 1
    this.#services.report({ event: 'load-failed', ...this.ref, error: messageOf(error) })
    this.#fail('load-failed', error)
  }

  #appendFailed(error: unknown): void {
    if (this.#state !== 'open') return
    this.#services.metrics.appendFailures += 1
    this.#services.health.failed(error)
    this.#services.report({ event: 'append-failed', ...this.ref, error: messageOf(error) })
    this.#fail(isUpdateLogError(error, 'PURGED') ? 'purged' : 'append-failed', error)
  }

  #fail(why: RoomFailure, error?: unknown): void {
    this.#end('failed')
    // What could not be written is kept and tried again: others have seen it. What was purged is not.
    if (why === 'purged') this.#release(this.#ahead.length)
    else this.#keep()
    for (const member of this.#audience.all()) member.failed(why, error)
    this.#writes.abandon(error ?? new UpdateLogError('PURGED', `${this.ref.document} was purged.`))
  }

  #isForAhead(batch: readonly Accepted<Member>[]): boolean {
    const { ahead, health } = this.#services
    // Where writes fail, nothing is shown that may not be there later.
    return this.#state === 'open' && ahead !== null && health.failing === null && this.#audience.hearsAhead(batch)
  }

  /** W2: once the system has it, the end of this process loses nothing that was shown. */
  #showAhead(batch: readonly Accepted<Member>[], update: Uint8Array): boolean {
    const { ahead, metrics } = this.#services
    const epoch = this.#epoch
    if (epoch === null || ahead?.write({ ...this.ref, epoch, update }) !== true) return false
    this.#ahead.push(update)
    metrics.shownAhead += batch.length
    this.#audience.showAhead(batch, update)
    return true
  }

  /** What was given up before has been released, or is kept. */
  #release(shown: number): void {
    const { length } = this.#ahead.splice(0, shown)
    if (length > 0) this.#services.ahead?.release(length)
  }

  #keep(): void {
    const updates = this.#ahead.splice(0)
    const epoch = this.#epoch
    if (epoch !== null) this.#services.onKept({ ref: this.ref, epoch, updates })
  }

  #written({ batch, update, wasShown }: Written<Member>, { epoch, seq }: Appended): void {
    this.position = { epoch, seq }
    this.#epoch = epoch
    const { snapshotBytes, tailUpdates, tailBytes } = this.stats
    this.stats = { snapshotBytes, tailUpdates: tailUpdates + 1, tailBytes: tailBytes + update.length }
    this.#cache.add(seq, update)
    this.#audience.show(batch, update, seq, wasShown)
    if (shouldCompactOpen(this.stats)) {
      this.#services.onWorthCompacting(this)
    }
  }

  #tell(entry: AwarenessEntry): void {
    if (this.#state === 'open') this.#audience.tell(entry)
  }

  /** Looks whether there is anything left to stay for. */
  #rest(): void {
    if (!this.#writes.isIdle) return
    for (const resolve of this.#onSettled.splice(0)) resolve()
    if (this.#audience.size > 0 || this.#state !== 'open' || this.#cancelUnload !== null) return
    if (!this.#lingers) {
      this.#end('unloaded')
      return
    }
    this.#cancelUnload = this.#services.clock.after(this.#services.limits.idleAfter, () => {
      this.#cancelUnload = null
      if (this.#audience.size === 0 && this.#writes.isIdle && this.#state === 'open') this.#end('unloaded')
    })
  }

  #end(state: 'failed' | 'unloaded'): void {
    this.#state = state
    this.#cancelUnload?.()
    this.#cancelUnload = null
    this.#cache.clear()
    this.#known.drop()
    if (state === 'failed') this.#services.onFailed(this)
    else this.#services.onEmpty(this)
  }
}

function isEmpty(update: Uint8Array): boolean {
  return update.length === 2 && update[0] === 0 && update[1] === 0
}

export function encodedStateVector(room: Room): Uint8Array {
  return encodeStateVector(room.stateVector())
}
