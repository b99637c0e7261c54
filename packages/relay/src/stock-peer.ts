import {
  CLOSE,
  type Decision,
  decodeAwareness,
  decodeStateVector,
  decodeStockFrame,
  diffUpdate,
  encodeAwareness,
  encodeAwarenessFrame,
  encodePermissionDenied,
  encodeStateVector,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
  openPeer,
  type PeerEffect,
  type PeerEvent,
  type PeerState,
  refusalName,
  type StockFrame,
  stepPeer,
} from '@holdfast/protocol'
import { messageOf, type RelayEvent } from './events.ts'
import type { Lag } from './lag.ts'
import type { Member, RoomFailure } from './member.ts'
import type { Metrics } from './metrics.ts'
import type { Limits } from './options.ts'
import { Outbox } from './outbox.ts'
import { Pulse } from './pulse.ts'
import { encodedStateVector, type Room } from './room.ts'
import type { Wire, WireListener } from './wire.ts'

export interface StockPeerOptions {
  readonly id: number
  readonly mayWrite: boolean
  readonly wire: Wire
  readonly limits: Limits
  readonly metrics: Metrics
  readonly report: (event: RelayEvent) => void
  readonly monotonic: () => number
  /** Called once, when the connection is over. */
  readonly onGone: (peer: StockPeer) => void
}

/** An awareness update with nobody in it: keeps a stock client from thinking that the relay is gone. */
const SIGN_OF_LIFE = encodeAwarenessFrame(encodeAwareness([]))

/** Answers that are made and not taken: with more, the peer is read no further. */
const MOST_ANSWERS = 8
/** Messages that wait before others' presence is told no more, but all at once when there is room. */
const MOST_PRESENCE = 64

const NOTHING: readonly PeerEffect[] = []

/** One connection of the stock endpoint: carries out what `stepPeer` decides. */
export class StockPeer implements Member, WireListener {
  readonly id: number
  readonly hearsAhead = true
  readonly #options: StockPeerOptions
  readonly #wire: Wire
  readonly #outbox: Outbox
  #room: Room | null = null
  #state: PeerState
  /** An update is being looked at elsewhere: what was to be done after it waits, and so do the messages that came after it. */
  #isJudging = false
  #later = NOTHING
  /** Messages were kept because too many answers wait, and the socket is not read. */
  #isKeeping = false
  /** Answers that are being made. */
  #answering = 0
  /** Others' presence that was not told, because too much waited. */
  #missedPresence = false
  #waiting: Uint8Array[] = []
  #closeCode: number | null = null
  #closeReason = ''
  #isGone = false
  readonly #pulse: Pulse
  /** Monotonic, in ms. */
  #lastSent: number

  constructor(options: StockPeerOptions) {
    const { id, mayWrite, wire, limits, metrics, monotonic } = options
    this.id = id
    this.#options = options
    this.#wire = wire
    this.#state = openPeer(mayWrite)
    this.#lastSent = monotonic()
    this.#pulse = new Pulse(limits, this.#lastSent)
    this.#outbox = new Outbox({
      wire,
      waitingBytes: limits.waitingBytes,
      catchUp: (lag) => this.#catchUp(lag),
      onSent: (frames, bytes) => {
        metrics.sentFrames += frames
        metrics.sentBytes += bytes
        this.#lastSent = monotonic()
      },
      onJoined: () => {
        metrics.joinedSends += 1
      },
      onCaughtUp: () => {
        metrics.caughtUp += 1
      },
    })
  }

  /** Takes its place; the room may call `loaded` before this returns. */
  enter(join: (member: Member) => Room): void {
    this.#wire.pause()
    this.#room = join(this)
    if (this.#room.state === 'open') this.loaded()
  }

  /** Events that do not come from the socket: the token's end, the relay's. */
  tell(kind: 'expired' | 'revoked' | 'forbidden' | 'shutting-down'): void {
    this.#on({ kind })
  }

  /** Called every second or so. */
  tick(): void {
    const { limits, monotonic } = this.#options
    const now = monotonic()
    if (!this.#outbox.isWaiting) this.#pulse.progressed(now)
    // What is not read cannot be heard; whether it takes anything is looked at all the same.
    if (this.#isGlutted) this.#pulse.heard(now)
    const wish = this.#pulse.look(now, null)
    if (wish === 'stalled') {
      this.#on({ kind: 'stalled' })
      return
    }
    if (wish === 'ping') this.#wire.ping()
    if (now - this.#lastSent > limits.silenceAfter && this.#state.kind === 'open') this.#outbox.send(SIGN_OF_LIFE)
  }

  // What the socket tells.

  message(bytes: Uint8Array): void {
    this.#pulse.heard(this.#options.monotonic())
    if (this.#isJudging || this.#isGlutted) this.#keep(bytes)
    else this.#on({ kind: 'frame', frame: this.#decode(bytes) })
  }

  textMessage(): void {
    this.#on({ kind: 'text-frame' })
  }

  /** A peer that asks and does not take the answers is read no further, or it could have us hold more than it sends. */
  get #isGlutted(): boolean {
    return this.#answering + this.#outbox.unsentAnswers >= MOST_ANSWERS
  }

  #keep(bytes: Uint8Array): void {
    this.#isKeeping = true
    this.#waiting.push(bytes)
    this.#wire.pause()
  }

  pong(): void {
    this.#pulse.heard(this.#options.monotonic())
  }

  drained(): void {
    this.#pulse.progressed(this.#options.monotonic())
    this.#outbox.drained()
    this.#unglut()
  }

  breached(code: number, reason: string): void {
    if (this.#closeCode !== null) return
    this.#closeCode = code
    this.#closeReason = reason
    this.#options.metrics.closed(code)
  }

  closed(code: number): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#on({ kind: 'gone' })
    this.#outbox.close()
    this.#room?.leave(this)
    const { report, onGone } = this.#options
    if (this.#room !== null) {
      const reason = this.#closeReason
      report({ event: 'disconnected', peer: this.id, ...this.#room.ref, code: this.#closeCode ?? code, reason })
    }
    onGone(this)
  }

  // What the room tells.

  loaded(): void {
    // A room that is open tells so while it is being joined, before `enter` knows it.
    if (this.#room === null) return
    this.#on({ kind: 'loaded' })
    this.#wire.resume()
  }

  failed(why: RoomFailure): void {
    this.#on({ kind: why })
  }

  update(update: Uint8Array, frame: () => Uint8Array): void {
    if (this.#state.kind === 'open') this.#outbox.sendUpdate(update, frame())
  }

  awareness(frame: Uint8Array): void {
    if (this.#state.kind !== 'open') return
    if (this.#outbox.unsentMessages < MOST_PRESENCE) this.#outbox.send(frame)
    else this.#missedPresence = true
  }

  #decode(bytes: Uint8Array): StockFrame {
    const frame = decodeStockFrame(bytes)
    if (frame.kind === 'step1' && decodeStateVector(frame.stateVector) === null) {
      return { kind: 'garbage', reason: 'not a state vector' }
    }
    return frame
  }

  #on(event: PeerEvent): void {
    const step = stepPeer(this.#state, event)
    this.#state = step.state
    this.#run(step.effects)
  }

  #run(effects: readonly PeerEffect[]): void {
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i]!
      // A close in the middle of what was held back ends the rest of it.
      if (this.#state.kind === 'closed' && effect.kind !== 'close') continue
      this.#carryOut(effect)
      if (this.#isJudging) {
        this.#later = [...this.#later, ...effects.slice(i + 1)]
        return
      }
    }
  }

  /** Has an update judged; when that is done elsewhere, nothing else of this connection is done meanwhile. */
  #judge(room: Room, update: Uint8Array, take: boolean, decided: (decision: Decision) => void): void {
    const now = room.judging.judge(update, take)
    if (now !== null) {
      decided(now)
      return
    }
    this.#isJudging = true
    this.#wire.pause()
    const goOn = (answer: () => void): void => {
      this.#isJudging = false
      answer()
      this.#goOn()
    }
    room.judging.judgeLater({
      update,
      take,
      isWanted: () => this.#state.kind !== 'closed',
      decided: (decision) => goOn(() => decided(decision)),
      failed: () => goOn(() => this.#on({ kind: 'shutting-down' })),
    })
  }

  #goOn(): void {
    if (!this.#isJudging) {
      const later = this.#later
      this.#later = NOTHING
      this.#run(later)
    }
    while (!this.#isJudging && !this.#isGlutted && this.#waiting.length > 0) this.message(this.#waiting.shift()!)
    if (this.#waiting.length > 0) this.#isKeeping = true
    else if (!this.#isJudging) this.#wire.resume()
  }

  /** An answer was made, or taken: what was kept may be looked at. */
  #unglut(): void {
    if (this.#isKeeping && !this.#isGlutted && !this.#isJudging) {
      this.#isKeeping = false
      this.#goOn()
    }
    if (this.#missedPresence && this.#outbox.unsentMessages === 0 && this.#room !== null) {
      this.#missedPresence = false
      this.#introduce(this.#room)
    }
  }

  #carryOut(effect: PeerEffect): void {
    const room = this.#room
    if (effect.kind === 'close') this.#close(effect.code, effect.reason)
    else if (room !== null) this.#carryOutIn(room, effect)
  }

  #carryOutIn(room: Room, effect: Exclude<PeerEffect, { kind: 'close' }>): void {
    switch (effect.kind) {
      case 'ask':
        room.whenRead(() => this.#ask(room))
        break
      case 'introduce':
        this.#introduce(room)
        break
      case 'answer':
        this.#answering += 1
        room.whenDurable(() => this.#answer(room, effect.stateVector))
        break
      case 'judge': {
        const { source } = effect
        this.#judge(room, effect.update, effect.take, (decision) => this.#on({ kind: 'judged', source, decision }))
        break
      }
      case 'store':
        room.store(effect.update, this)
        break
      case 'store-good': {
        this.#judge(room, effect.update, true, (decision) => {
          if (decision.kind === 'store') room.store(decision.update, this)
        })
        break
      }
      case 'deny':
        this.#options.metrics.denied += 1
        this.#options.metrics.refused(refusalName(effect.code))
        this.#outbox.answer(encodePermissionDenied(effect.reason))
        break
      case 'hear':
        this.#hear(room, effect.awareness)
        break
      case 'note-gap':
        this.#options.metrics.gaps += 1
        this.#options.report({ event: 'gap', ...room.ref, peer: this.id, kept: effect.kept })
        break
    }
  }

  #ask(room: Room): void {
    if (this.#state.kind === 'open') this.#outbox.send(encodeStep1(encodedStateVector(room)))
  }

  #introduce(room: Room): void {
    const entries = room.presence.entries()
    if (entries.length > 0) this.#outbox.answer(encodeAwarenessFrame(encodeAwareness(entries)))
  }

  #answer(room: Room, stateVector: Uint8Array): void {
    if (this.#state.kind === 'closed') return
    room.pieces(stateVector).then(
      (pieces) => {
        this.#answering -= 1
        if (this.#state.kind === 'open') this.#sendAnswer(pieces)
        this.#unglut()
      },
      (error: unknown) => this.#unreadable(room, error),
    )
  }

  /** The last is the step 2: a client that has it has what came before it. */
  #sendAnswer(pieces: readonly Uint8Array[]): void {
    const last = pieces.length - 1
    for (const [i, piece] of pieces.entries()) {
      if (i < last) this.#outbox.send(encodeUpdate(piece))
      else this.#outbox.answer(encodeStep2(piece))
    }
  }

  #hear(room: Room, bytes: Uint8Array): void {
    const decoded = decodeAwareness(bytes)
    if (decoded.kind === 'garbage') {
      this.#on({ kind: 'awareness-garbage' })
      return
    }
    const { awarenessBytes } = this.#options.limits
    const entries = decoded.entries.filter(({ state }) => state === null || state.length <= awarenessBytes)
    room.hear(this, entries)
  }

  async #catchUp(lag: Lag): Promise<Uint8Array | null> {
    const room = this.#room
    if (room === null) return null
    try {
      // It may lag behind what was shown and is not durable yet.
      await new Promise<void>((resolve, reject) => room.whenDurable(resolve, reject))
    } catch {
      // The room ends, and says so itself.
      return null
    }
    try {
      const state = await room.difference(encodeStateVector(new Map()))
      return diffUpdate(state, encodeStateVector(lag.apply(room.stateVector())))
    } catch (error) {
      this.#unreadable(room, error)
      return null
    }
  }

  /** What was readable when the room was loaded is not any more. */
  #unreadable(room: Room, error: unknown): void {
    this.#options.metrics.loadFailures += 1
    this.#options.report({ event: 'load-failed', ...room.ref, error: messageOf(error) })
    this.#on({ kind: 'load-failed' })
  }

  #close(code: number, reason: string): void {
    this.#closeCode = code
    this.#closeReason = reason
    this.#options.metrics.closed(code)
    this.#outbox.close()
    // One that takes nothing would not take a close frame either.
    if (code === CLOSE.STALLED && this.#wire.waiting > 0) this.#wire.terminate()
    else this.#wire.close(code, reason)
    this.#wire.resume()
    this.#room?.leave(this)
  }
}
