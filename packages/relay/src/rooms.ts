import { type Ahead, type DocumentRef, shouldCompact, type UpdateLog } from '@holdfast/update-log'
import { bringInOne, type Left } from './bring-in.ts'
import { Compactions } from './compactions.ts'
import { Costly, type CostlyNotes, type TooCostly } from './costly.ts'
import type { RelayEvent } from './events.ts'
import type { Examiner } from './examine/port.ts'
import { Kept } from './kept.ts'
import type { Member } from './member.ts'
import type { Metrics } from './metrics.ts'
import type { Clock, Limits } from './options.ts'
import type { Quota } from './quota.ts'
import { Room } from './room.ts'
import { StateBudget } from './state-budget.ts'
import { type WriteFailure, WriteHealth } from './write-health.ts'

export interface RoomsOptions {
  readonly log: UpdateLog
  readonly clock: Clock
  readonly limits: Limits
  readonly metrics: Metrics
  readonly examiner: Examiner
  readonly report: (event: RelayEvent) => void
  readonly quota: Quota
  /** Draws epochs. */
  readonly randomId: () => string
  readonly costly?: CostlyNotes | null
  readonly ahead?: Ahead | null
}

/**
 * The rooms that are in use, at most one per document. A room that failed or was unloaded is taken out in the same turn in which
 * it becomes so, and it has then nothing left to write: whoever comes next gets a new room that reads everything from the log.
 */
export class Rooms {
  readonly #options: RoomsOptions
  readonly #rooms = new Map<string, Room>()
  readonly #compactions: Compactions
  readonly #states = new StateBudget()
  readonly #stopListening: () => void
  readonly #costly: Costly
  readonly #health: WriteHealth
  readonly #kept: Kept | null

  constructor(options: RoomsOptions) {
    this.#options = options
    const { log, clock, metrics, report, ahead = null } = options
    this.#kept = ahead === null ? null : new Kept({ ahead, clock, bringIn: (left) => bringInOne(left, this) })
    this.#health = new WriteHealth(clock)
    this.#costly = new Costly(options.costly ?? null)
    this.#stopListening = log.onCommit(({ changes }) => {
      this.#health.wrote()
      for (const change of changes) {
        if (!change.purged) continue
        ahead?.wipe()
        this.#rooms.get(keyOf(change))?.purged(change.epoch)
        // Whoever begins anew under its name is not to be refused for it.
        this.#costly.delete(change)
      }
    })
    this.#compactions = new Compactions({
      log,
      metrics,
      report,
      onCompacted: (ref, result) => {
        options.quota.took(ref.space, result.bytesAfter - result.bytesBefore)
        const room = this.#rooms.get(keyOf(ref))
        room?.compacted(result)
        if (this.#costly.delete(ref)) room?.judging.object(null)
      },
      onTooCostly: (ref, reason) => {
        this.#costly.add(ref, reason)
        this.#rooms.get(keyOf(ref))?.judging.object(objection(reason))
        report({ event: 'too-costly', ...ref, reason })
      },
      onFailed: (ref, error) => this.#rooms.get(keyOf(ref))?.damaged(error),
    })
  }

  /** Adds a member to the document's room, opening it when nobody is there. */
  join(ref: DocumentRef, member: Member): Room {
    const key = keyOf(ref)
    let room = this.#rooms.get(key)
    if (room === undefined) {
      room = new Room(ref, {
        ...this.#options,
        states: this.#states,
        health: this.#health,
        ahead: this.#options.ahead ?? null,
        onKept: (left) => this.keep(left),
        onEmpty: (empty) => this.#unload(key, empty),
        onFailed: (failed) => this.#drop(key, failed),
        onWorthCompacting: (worth) => this.#compactions.add(worth.ref),
      })
      const reason = this.#costly.reasonFor(ref)
      if (reason !== null) room.judging.object(objection(reason))
      this.#rooms.set(key, room)
      this.#options.metrics.rooms += 1
    }
    room.join(member)
    return room
  }

  /** What was shown and cannot be stored now is tried again later. */
  keep(left: Left): void {
    this.#kept?.add(left)
  }

  /** The document's room, if it is in use. */
  find(ref: DocumentRef): Room | null {
    return this.#rooms.get(keyOf(ref)) ?? null
  }

  /** Documents that take nothing new, because holding them costs too much. */
  tooCostly(): readonly TooCostly[] {
    return this.#costly.all()
  }

  /** Why the storage takes no writes; null when nothing is known to be wrong. */
  get writesFailing(): WriteFailure | null {
    return this.#health.failing
  }

  get size(): number {
    return this.#rooms.size
  }

  /** Resolves when everything accepted so far is durable or has failed. */
  async written(): Promise<void> {
    await Promise.all([...this.#rooms.values()].map((room) => room.settled()))
  }

  /** Resolves when no write and no compaction is under way. */
  async settled(): Promise<void> {
    this.#kept?.close()
    await this.written()
    await this.#compactions.stop()
    this.#stopListening()
    await this.#costly.kept()
  }

  #unload(key: string, room: Room): void {
    this.#drop(key, room)
    this.#options.report({ event: 'room-unloaded', ...room.ref })
    if (shouldCompact(room.stats)) this.#compactions.add(room.ref)
  }

  #drop(key: string, room: Room): void {
    if (this.#rooms.get(key) !== room) return
    this.#rooms.delete(key)
    this.#options.metrics.rooms -= 1
  }
}

function objection(reason: string): string {
  return `the document is too costly to hold (${reason}); its owner can compact or purge it`
}

function keyOf(ref: DocumentRef): string {
  return `${ref.space}/${ref.document}`
}
