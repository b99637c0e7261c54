import {
  type ChannelMode,
  type Decision,
  decodeAwareness,
  encodeAwareness,
  encodeStateVector,
  type OpenFrame,
  REFUSAL,
  type SyncConnectionEffect,
  type SyncConnectionEvent,
  type SyncRole,
} from '@holdfast/protocol'
import { type DocumentRef, isUpdateLogError } from '@holdfast/update-log'
import { messageOf } from '../events.ts'
import type { Member, RoomFailure } from '../member.ts'
import { encodedStateVector, type Room } from '../room.ts'
import type { Outcome } from '../writes.ts'
import { type Failing, failing, failingOf, purgedFailing } from './failures.ts'
import type { SyncServices } from './services.ts'
import type { SyncSpace } from './space.ts'

export type ChannelEvent = Extract<SyncConnectionEvent, { readonly kind: 'channel' }>['event']
export type ChannelEffect = Extract<SyncConnectionEffect, { readonly kind: 'channel' }>['effect']

/** The connection that a channel is part of. */
export interface ChannelHost {
  readonly id: number
  /** The window on the other side: the holder's name in leases. */
  readonly client: string
  readonly role: SyncRole
  readonly services: SyncServices
  readonly space: SyncSpace
  tell(opening: number, event: ChannelEvent): void
  /** Has `flush` handed in when this turn of the event loop is over. */
  flushSoon(opening: number): void
  /** So many bytes more (or less) were accepted and are not durable. */
  underWay(bytes: number): void
  /** It has been brought level, or has ended: another may be. */
  levelled(channel: SyncChannel): void
  over(channel: SyncChannel): void
  garbage(reason: string): void
  /** Keeps what comes from the client until `goOn`: an update is being looked at elsewhere. */
  hold(): void
  goOn(): void
}

const EMPTY_STATE_VECTOR = encodeStateVector(new Map())

/** One opening of one document by one connection: carries out what its machine decides, in the room that stock peers share. */
export class SyncChannel implements Member {
  readonly opening: number
  readonly ref: DocumentRef
  readonly mode: ChannelMode
  readonly epoch: string
  readonly isBrief: boolean
  readonly #host: ChannelHost
  /** The position up to which a brief one has everything; below every position while that is not known. */
  #level = Number.NEGATIVE_INFINITY
  #room: Room | null = null
  /** `refused`: the room did not take it; the client is told as soon as it is known why. */
  #stands: 'opening' | 'open' | 'refused' | 'over' = 'opening'

  constructor(opening: number, ref: DocumentRef, open: OpenFrame, host: ChannelHost) {
    this.opening = opening
    this.ref = ref
    this.mode = open.mode
    this.epoch = open.epoch
    this.isBrief = open.mode === 'exchange'
    this.#host = host
  }

  get client(): string {
    return this.#host.client
  }

  /** Takes its place; the room may call `loaded` or `failed` before this returns. */
  enter(): void {
    if (this.#stands !== 'opening') return
    const room = this.#host.services.rooms.join(this.ref, this)
    if (this.#stands !== 'opening') return
    this.#room = room
    if (room.state === 'open') this.loaded()
  }

  refuse({ code, epoch, text }: Failing): void {
    this.#tell({ kind: 'unopenable', code, epoch, text })
  }

  /** The token does not reach this document any more. */
  end({ code, text }: Failing): void {
    this.#tell({ kind: 'end', code, text })
  }

  tell(event: ChannelEvent): void {
    this.#tell(event)
  }

  // What the room tells.

  loaded(): void {
    const room = this.#room
    // A room that is open tells so while it is being joined, before `enter` knows it.
    if (room === null || this.#stands !== 'opening') return
    this.#stands = 'open'
    if (this.mode === 'watch') this.#host.space.watch(this)
    this.#tell({
      kind: 'loaded',
      epoch: room.epoch ?? '',
      seq: room.position?.seq ?? 0,
      stateVector: encodedStateVector(room),
      role: this.#host.role,
    })
  }

  failed(why: RoomFailure, error?: unknown): void {
    const { services } = this.#host
    if (this.#stands === 'opening') {
      this.#stands = 'refused'
      const cause =
        why === 'purged' ? purgedFailing(services.log, this.ref, this.epoch) : Promise.resolve(failingOf(error))
      void cause.then((failing) => this.refuse(failing))
      return
    }
    if (why === 'purged') this.end(failing(REFUSAL.EPOCH_PURGED, 'the document was purged'))
    else this.#writeFailed(error)
  }

  update(update: Uint8Array, _frame: () => Uint8Array, seq: number): void {
    this.#tell({ kind: 'broadcast', seq, update })
  }

  awareness(_frame: Uint8Array, update: Uint8Array): void {
    this.#tell({ kind: 'awareness', awareness: update })
  }

  // What the machine decides.

  carryOut(effect: ChannelEffect): void {
    if (effect.kind === 'ended') {
      this.#leave()
      this.#stands = 'over'
      this.#host.over(this)
    } else if (this.#room !== null) {
      this.#carryOutIn(this.#room, effect)
    }
  }

  #carryOutIn(room: Room, effect: Exclude<ChannelEffect, { readonly kind: 'ended' }>): void {
    switch (effect.kind) {
      case 'catch-up':
        this.#catchUp(room, effect.seq, effect.stateVector)
        return
      case 'judge': {
        const { source } = effect
        this.#judge(room, effect.update, effect.take, (decision) => this.#tell({ kind: 'judged', source, decision }))
        return
      }
      case 'store':
        this.#store(room, effect.n, effect.update)
        return
      case 'store-good': {
        const { n } = effect
        this.#judge(room, effect.update, true, (decision) => {
          if (decision.kind === 'store') this.#store(room, n, decision.update)
          else this.#wait(room, n)
        })
        return
      }
      case 'wait':
        this.#wait(room, effect.n)
        return
      case 'ask':
        this.#tell({ kind: 'resync', stateVector: encodedStateVector(room) })
        return
      case 'note-gap':
        this.#host.services.metrics.gaps += 1
        this.#host.services.report({ event: 'gap', ...this.ref, peer: this.#host.id, kept: effect.kept })
        return
      case 'ack-soon':
        this.#host.flushSoon(this.opening)
        return
      case 'introduce':
        this.#introduce(room)
        return
      case 'hear':
        this.#hear(room, effect.awareness)
        return
      case 'lease':
        this.#host.space.lease(this, effect)
        return
      case 'stop':
        this.#host.space.stop(this, effect.request, effect.key)
    }
  }

  #judge(room: Room, update: Uint8Array, take: boolean, decided: (decision: Decision) => void): void {
    const now = room.judging.judge(update, take)
    if (now !== null) {
      decided(now)
      return
    }
    this.#host.hold()
    const goOn = (answer: () => void): void => {
      answer()
      this.#host.goOn()
    }
    room.judging.judgeLater({
      update,
      take,
      isWanted: () => this.#stands === 'open',
      decided: (decision) => goOn(() => decided(decision)),
      failed: () => goOn(() => this.#tell({ kind: 'append-failed', code: REFUSAL.STORAGE_FAILED })),
    })
  }

  #store(room: Room, n: number, update: Uint8Array): void {
    const bytes = update.length
    this.#host.underWay(bytes)
    room.store(update, this, (outcome) => {
      this.#host.underWay(-bytes)
      this.#settled(n, outcome)
    })
  }

  #settled(n: number, outcome: Outcome): void {
    if (outcome.kind === 'failed') {
      this.#writeFailed(outcome.error)
      return
    }
    this.#tell({ kind: 'durable', n, seq: this.#vouches(outcome.seq, outcome.alone) })
  }

  /** The position that an ack may name. A brief one is shown nothing: its own record is all it has beyond what brought it level. */
  #vouches(seq: number, alone: boolean): number {
    if (!this.isBrief) return seq
    if (!alone || seq !== this.#level + 1) return 0
    this.#level = seq
    return seq
  }

  #wait(room: Room, n: number): void {
    room.whenDurable(
      () => this.#tell({ kind: 'durable', n, seq: 0 }),
      (error) => this.#writeFailed(error),
    )
  }

  #writeFailed(error: unknown): void {
    const failing = failingOf(error)
    if (isUpdateLogError(error, 'PURGED') || isUpdateLogError(error, 'EPOCH_MISMATCH')) this.end(failing)
    else this.#tell({ kind: 'append-failed', code: failing.code })
  }

  #catchUp(room: Room, known: number, stateVector: Uint8Array | null): void {
    // What the client said of another epoch is of another log (Y12). Later on it is of this one.
    const seq = stateVector === null || this.epoch === room.epoch ? known : 0
    room.catchUp(seq, stateVector ?? EMPTY_STATE_VECTOR).then(
      ({ seq, update }) => {
        this.#level = Math.max(this.#level, seq)
        this.#tell({ kind: 'caught-up', seq, updates: update === null ? [] : [{ seq, update }] })
        this.#host.levelled(this)
      },
      (error: unknown) => {
        const { metrics, report } = this.#host.services
        metrics.loadFailures += 1
        report({ event: 'load-failed', ...this.ref, error: messageOf(error) })
        this.end(failingOf(error))
      },
    )
  }

  #introduce(room: Room): void {
    const entries = room.presence.entries()
    if (entries.length > 0) this.#tell({ kind: 'awareness', awareness: encodeAwareness(entries) })
    this.#host.space.introduce(this)
  }

  #hear(room: Room, bytes: Uint8Array): void {
    const decoded = decodeAwareness(bytes)
    if (decoded.kind === 'garbage') {
      this.#host.garbage(`not an awareness update: ${decoded.reason}`)
      return
    }
    const { awarenessBytes } = this.#host.services.limits
    room.hear(
      this,
      decoded.entries.filter(({ state }) => state === null || state.length <= awarenessBytes),
    )
  }

  #leave(): void {
    this.#room?.leave(this)
    this.#host.space.unwatch(this)
  }

  #tell(event: ChannelEvent): void {
    this.#host.tell(this.opening, event)
  }
}
