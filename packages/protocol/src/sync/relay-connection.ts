import { CLOSE, type CloseCode } from '../close-codes.ts'
import { REFUSAL } from './codes.ts'
import { encodeRelayFrame } from './encode.ts'
import { type ClientFrame, channelOf, FRAME_TYPE, isReaching, type OpenFrame, type RelayFrame } from './frames.ts'
import { type Incoming, incomingFromClient } from './incoming.ts'
import { BEFORE_WELCOME, type BeforeWelcome, DEFAULT_SYNC_LIMITS, REACH_SINCE } from './limits.ts'
import { Outgoing } from './outgoing.ts'
import { openRelayChannel, stepRelayChannel } from './relay-channel.ts'
import type { RelayChannelEffect, RelayChannelEvent, RelayChannelState } from './relay-channel-types.ts'
import { openRelaySession, stepRelaySession } from './relay-session.ts'
import type {
  RelaySessionConfig,
  RelaySessionEffect,
  RelaySessionEvent,
  RelaySessionState,
} from './relay-session-types.ts'

export interface SyncConnectionConfig extends RelaySessionConfig {
  /** `BEFORE_WELCOME` unless given. */
  readonly beforeWelcome?: BeforeWelcome
  /** Bytes that wait in one channel before it is told nothing new until they are sent (W7). */
  readonly waitingBytes?: number
  /**
   * How far the history reaches now: a number that has grown by everything that was durable before (W11). Asked for each frame that
   * says something of what is durable; 0 when nobody can tell.
   */
  readonly reach?: () => number
}

/** What the owner of a `SyncConnection` is to do. */
export type SyncConnectionEffect =
  | Exclude<RelaySessionEffect, { readonly kind: 'send' | 'route' | 'over' | 'open' }>
  /** Something was refused, by a code of `REFUSAL`: for the metrics. */
  | { readonly kind: 'note-refusal'; readonly code: number }
  /** Find the room and hand in `loaded` or `unopenable` for this opening. */
  | { readonly kind: 'open'; readonly opening: number; readonly open: OpenFrame }
  | {
      readonly kind: 'channel'
      readonly opening: number
      readonly document: string
      readonly effect: Exclude<RelayChannelEffect, { readonly kind: 'send' | 'broken' | 'drop-queue' }>
    }

export type SyncConnectionEvent =
  | Exclude<RelaySessionEvent, { readonly kind: 'frame' | 'broken' | 'drained' | 'channel-over' }>
  /** A message of the socket. `now`: milliseconds from any origin. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly now: number }
  | { readonly kind: 'text' }
  /** Ignored for an opening that has ended. */
  | {
      readonly kind: 'channel'
      readonly opening: number
      readonly event: Exclude<RelayChannelEvent, { readonly kind: 'frame' | 'clogged' | 'drained' | 'gone' }>
    }

interface Opening {
  /** Counts the openings of this connection: channel numbers come again, these do not. */
  readonly opening: number
  readonly channel: number
  readonly document: string
  state: RelayChannelState
}

const DEFAULT_WAITING_BYTES = 1024 * 1024
const MAY_BE_DROPPED: readonly number[] = [FRAME_TYPE.update, FRAME_TYPE.at, FRAME_TYPE.message, FRAME_TYPE.opened]

/**
 * One client's connection without a socket, a clock or a log: events and bytes in, effects and bytes out. What the
 * room still does for an opening that has ended may be handed in all the same; it changes nothing.
 */
export class SyncConnection {
  readonly #config: SyncConnectionConfig
  readonly #openings = new Map<number, Opening>()
  /** By channel number. */
  readonly #channels = new Map<number, Opening>()
  readonly #incoming: Incoming<ClientFrame>
  readonly #outgoing: Outgoing
  /** Openings that fell behind. */
  readonly #behind = new Set<Opening>()
  #opened = 0
  /** The one that was agreed on; before that only what says its own is sent. */
  #version = 1
  #state: RelaySessionState = { kind: 'waiting' }
  #early = { frames: 0, bytes: 0 }

  constructor(config: SyncConnectionConfig = {}) {
    this.#config = config
    const limits = config.limits ?? DEFAULT_SYNC_LIMITS
    this.#incoming = incomingFromClient(limits)
    this.#outgoing = new Outgoing(limits)
  }

  get state(): RelaySessionState {
    return this.#state
  }

  /** Bytes that wait to be sent. */
  get waiting(): number {
    return this.#outgoing.bytes
  }

  /** When the transfer that waits longest for its next piece got its last one: too long ago is a reason for `stalled`. */
  get oldestTransfer(): number | null {
    return this.#incoming.oldest
  }

  opening(opening: number): RelayChannelState | null {
    return this.#openings.get(opening)?.state ?? null
  }

  /** The socket is open. */
  begin(): SyncConnectionEffect[] {
    const effects: SyncConnectionEffect[] = []
    const { state, effects: first } = openRelaySession(this.#config.beforeWelcome?.ms)
    this.#state = state
    for (const effect of first) this.#apply(effect, effects)
    return effects
  }

  handle(event: SyncConnectionEvent): SyncConnectionEffect[] {
    const effects: SyncConnectionEffect[] = []
    switch (event.kind) {
      case 'bytes':
        this.#receive(event.bytes, event.now, effects)
        break
      case 'text':
        this.#step(
          { kind: 'broken', code: CLOSE.TEXT_FRAME, reason: 'text frames are not part of the protocol' },
          effects,
        )
        break
      case 'channel':
        this.#stepOpening(this.#openings.get(event.opening), event.event, effects)
        break
      default:
        this.#step(event, effects)
    }
    return effects
  }

  /**
   * The next messages for the socket: of `budget` bytes or a little more, while there is anything. Call `sent` once the socket has
   * taken them.
   */
  next(budget: number, pieces = true): Uint8Array[] {
    return this.#outgoing.next(budget, pieces)
  }

  /** The socket can take more. What was held back for it goes on: the feed, and channels that fell behind. */
  sent(): SyncConnectionEffect[] {
    const effects: SyncConnectionEffect[] = []
    for (const opening of [...this.#behind]) {
      if (this.#outgoing.bytesOf(opening.channel) > 0) continue
      this.#behind.delete(opening)
      this.#stepOpening(opening, { kind: 'drained' }, effects)
    }
    if (this.#outgoing.bytesOf(0) === 0) this.#step({ kind: 'drained' }, effects)
    return effects
  }

  #receive(bytes: Uint8Array, now: number, effects: SyncConnectionEffect[]): void {
    if (this.#state.kind === 'closed') return
    const early = this.#state.kind === 'open' ? null : this.#tooEarly(bytes.length)
    if (early !== null) {
      this.#step({ kind: 'broken', ...early }, effects)
      return
    }
    const received = this.#incoming.take(bytes, now)
    if (received.kind === 'broken') this.#step(received, effects)
    else if (received.kind === 'frame') this.#step({ kind: 'frame', frame: received.frame }, effects)
  }

  /** Y3: who has not been welcomed is taken no more of than this, however long its token takes to be looked at. */
  #tooEarly(bytes: number): { readonly code: CloseCode; readonly reason: string } | null {
    const most = this.#config.beforeWelcome ?? BEFORE_WELCOME
    this.#early.frames += 1
    this.#early.bytes += bytes
    const over =
      this.#early.frames > most.frames
        ? `${most.frames} messages`
        : this.#early.bytes > most.bytes
          ? `${most.bytes} bytes`
          : null
    if (over === null) return null
    return { code: CLOSE.TOO_EARLY, reason: `more than ${over} before the welcome: wait for it, then send the rest` }
  }

  #step(event: RelaySessionEvent, effects: SyncConnectionEffect[]): void {
    const step = stepRelaySession(this.#config, this.#state, event)
    this.#state = step.state
    if (step.state.kind === 'open') this.#version = step.state.version
    for (const effect of step.effects) this.#apply(effect, effects)
  }

  #apply(effect: RelaySessionEffect, effects: SyncConnectionEffect[]): void {
    switch (effect.kind) {
      case 'send':
        this.#send(effect.frame)
        noteRefusals(effect.frame, effects)
        return
      case 'open':
        effects.push({ kind: 'open', opening: this.#begin(effect.open), open: effect.open })
        return
      case 'route':
        this.#stepOpening(this.#channels.get(effect.channel), { kind: 'frame', frame: effect.frame }, effects)
        return
      case 'over':
        for (const opening of [...this.#openings.values()]) this.#stepOpening(opening, { kind: 'gone' }, effects)
        return
      default:
        effects.push(effect)
    }
  }

  #begin(open: OpenFrame): number {
    this.#opened += 1
    const { channel, document } = open
    const opening: Opening = { opening: this.#opened, channel, document, state: openRelayChannel(open) }
    this.#openings.set(opening.opening, opening)
    this.#channels.set(channel, opening)
    return opening.opening
  }

  #stepOpening(opening: Opening | undefined, event: RelayChannelEvent, effects: SyncConnectionEffect[]): void {
    if (opening === undefined) return
    const step = stepRelayChannel(opening.channel, opening.state, event)
    opening.state = step.state
    for (const effect of step.effects) this.#applyChannel(opening, effect, effects)
    if (event.kind === 'broadcast' || event.kind === 'caught-up') this.#checkWaiting(opening, effects)
  }

  #applyChannel(entry: Opening, effect: RelayChannelEffect, effects: SyncConnectionEffect[]): void {
    const { opening, channel, document } = entry
    switch (effect.kind) {
      case 'send':
        if (!this.#send(effect.frame)) {
          const text = 'a message over the limit'
          this.#stepOpening(entry, { kind: 'end', code: REFUSAL.TOO_LARGE, text }, effects)
        }
        noteRefusals(effect.frame, effects)
        return
      case 'broken':
        this.#step({ kind: 'broken', code: CLOSE.BAD_FRAME, reason: effect.reason }, effects)
        return
      case 'drop-queue':
        this.#outgoing.drop(channel, (frame) => MAY_BE_DROPPED.includes(frame[0]!))
        return
      case 'ended':
        this.#openings.delete(opening)
        this.#channels.delete(channel)
        this.#behind.delete(entry)
        this.#step({ kind: 'channel-over', channel }, effects)
        effects.push({ kind: 'channel', opening, document, effect })
        return
      default:
        effects.push({ kind: 'channel', opening, document, effect })
    }
  }

  #checkWaiting(opening: Opening, effects: SyncConnectionEffect[]): void {
    if (this.#behind.has(opening) || !this.#openings.has(opening.opening)) return
    if (this.#outgoing.bytesOf(opening.channel) <= (this.#config.waitingBytes ?? DEFAULT_WAITING_BYTES)) return
    this.#behind.add(opening)
    this.#stepOpening(opening, { kind: 'clogged' }, effects)
  }

  #send(frame: RelayFrame): boolean {
    const version = this.#version
    const reaches = version >= REACH_SINCE && isReaching(frame)
    const told = reaches ? { ...frame, reach: this.#config.reach?.() ?? 0 } : frame
    return this.#outgoing.enqueue(channelOf(frame), encodeRelayFrame(told, version))
  }
}

function noteRefusals(frame: RelayFrame, effects: SyncConnectionEffect[]): void {
  switch (frame.kind) {
    case 'refused':
    case 'failed':
    case 'closed':
      if (frame.code !== REFUSAL.ENDED) effects.push({ kind: 'note-refusal', code: frame.code })
      return
    case 'ack':
      for (const { code } of frame.refused) effects.push({ kind: 'note-refusal', code })
  }
}
