import { CLOSE } from '../close-codes.ts'
import {
  type ChannelRelayFrame,
  type ClientChannelEffect,
  type ClientChannelEvent,
  type ClientChannelState,
  stepClientChannel,
} from './client-channel.ts'
import { stepClient } from './client-session.ts'
import type { ClientConfig, ClientEffect, ClientEvent, ClientState } from './client-types.ts'
import { encodeClientFrame } from './encode.ts'
import { type ChannelMode, type ClientFrame, channelOf, type RelayFrame } from './frames.ts'
import { type Incoming, incomingFromRelay } from './incoming.ts'
import { BEFORE_WELCOME, DEFAULT_SYNC_LIMITS, EARLY_CHANNELS } from './limits.ts'
import { Outgoing } from './outgoing.ts'

/** What the owner of a `SyncClient` is to do; what the client does by itself (sending, routing) is not among it. */
export type SyncClientEffect =
  | Exclude<ClientEffect, { readonly kind: 'send' | 'route' | 'limits' }>
  | {
      readonly kind: 'channel'
      readonly opening: number
      readonly document: string
      readonly effect: Exclude<ClientChannelEffect, { readonly kind: 'send' | 'broken' }>
    }

export type SyncClientEvent =
  | Exclude<ClientEvent, { readonly kind: 'frame' | 'broken' }>
  /** A message of the socket. `now`: milliseconds from any origin. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly now: number }
  /** For an opening that has ended, what would send comes back as `not-sent`. */
  | {
      readonly kind: 'channel'
      readonly opening: number
      readonly event: Exclude<ClientChannelEvent, { readonly kind: 'frame' | 'lost' | 'distrust' }>
    }

export interface OpenWish {
  readonly document: string
  readonly epoch: string
  readonly seq: number
  readonly mode: ChannelMode
  readonly stateVector: Uint8Array
}

/** Room that a frame takes beside the update in it. */
const UPDATE_OVERHEAD = 64

interface Opening {
  /** Counts up for as long as the client lives: channel numbers come again, these do not. */
  readonly opening: number
  readonly channel: number
  readonly document: string
  state: ClientChannelState
}

/**
 * A space's connection without a socket, a clock or randomness: events and bytes in, effects and bytes out. It holds the
 * connection's machine, one machine per channel, the pieces that come and the queue of what goes.
 */
export class SyncClient {
  readonly #config: ClientConfig
  readonly #openings = new Map<number, Opening>()
  /** By channel number. */
  readonly #channels = new Map<number, Opening>()
  #opened = 0
  #state: ClientState = { kind: 'off' }
  #incoming: Incoming<RelayFrame> = incomingFromRelay(DEFAULT_SYNC_LIMITS)
  #outgoing = new Outgoing(DEFAULT_SYNC_LIMITS)
  #requests = 0
  /** Bytes sent ahead of the welcome. */
  #early = 0
  /** Channels opened ahead of the welcome at most; none once a relay would not have them (Y3). */
  #earlyChannels: number = EARLY_CHANNELS
  /** What waits for the welcome, in order: only a hello and what it opens go ahead of it. */
  #held: ClientFrame[] = []

  constructor(config: ClientConfig) {
    this.#config = config
  }

  get state(): ClientState {
    return this.#state
  }

  /** How far the history reaches that anything told so far is of; 0 when the relay does not say (W11). */
  get reach(): number {
    return this.#state.kind === 'off' ? 0 : this.#state.memory.reach
  }

  /** The version that was agreed on; null while there is no connection. */
  get version(): number | null {
    return this.#state.kind === 'open' ? this.#state.version : null
  }

  /** Bytes that wait to be sent. */
  get waiting(): number {
    return this.#outgoing.bytes
  }

  /** When the transfer that waits longest for its next piece got its last one: too long ago is a reason for `stalled`. */
  get oldestTransfer(): number | null {
    return this.#incoming.oldest
  }

  /** Bytes that wait to be sent for one opening. */
  waitingOf(opening: number): number {
    const entry = this.#openings.get(opening)
    return entry === undefined ? 0 : this.#outgoing.bytesOf(entry.channel)
  }

  opening(opening: number): ClientChannelState | null {
    return this.#openings.get(opening)?.state ?? null
  }

  /** How many more channels may be opened now. Before the welcome only a few. */
  get freeChannels(): number {
    if (this.#state.kind === 'open') return this.#state.limits.channels - this.#channels.size
    return this.#state.kind === 'greeting' ? Math.max(0, this.#earlyChannels - this.#channels.size) : 0
  }

  /**
   * Opens a channel: from `greeted` on, what is opened at once goes with the hello.
   * @returns the opening's number, good until its effect `refused`, `closed` or `lost`; null when no channel is
   * free, the connection is not there, or (before the welcome) no more can be sent ahead
   */
  open(wish: OpenWish): number | null {
    if (this.freeChannels === 0) return null
    let channel = 1
    while (this.#channels.has(channel)) channel += 1
    const bytes = encodeClientFrame({ kind: 'open', channel, ...wish })
    if (this.#state.kind === 'greeting') {
      if (this.#early + bytes.length > BEFORE_WELCOME.bytes / 2) return null
      this.#early += bytes.length
    }
    if (!this.#outgoing.enqueue(channel, bytes)) return null
    const { document, epoch, seq, mode } = wish
    this.#opened += 1
    const state: ClientChannelState = { kind: 'opening', asked: { epoch, seq, mode, trusted: true } }
    const opening: Opening = { opening: this.#opened, channel, document, state }
    this.#openings.set(opening.opening, opening)
    this.#channels.set(channel, opening)
    return opening.opening
  }

  /** A number for a lease or stop request of a channel. */
  nextRequest(): number {
    this.#requests += 1
    return this.#requests
  }

  /** Asks the relay to keep a summary. @returns the number that `answered` will name, or why it was not sent */
  summary(document: string, epoch: string, summary: Uint8Array): number | 'not-connected' | 'too-large' {
    if (this.#state.kind === 'open' && summary.length > this.#state.limits.summary) return 'too-large'
    return this.#request((request) => ({ kind: 'summary', request, document, epoch, summary }))
  }

  /** Asks the relay to purge a document for good. @returns the number that `answered` will name, or why it was not sent */
  purge(document: string, epoch: string): number | 'not-connected' {
    return this.#request((request) => ({ kind: 'purge', request, document, epoch }))
  }

  /** @param random in [0, 1), drawn anew for each call */
  handle(event: SyncClientEvent, random: number): SyncClientEffect[] {
    const effects: SyncClientEffect[] = []
    if (event.kind === 'bytes') this.#receive(event.bytes, event.now, random, effects)
    else if (event.kind === 'channel') this.#ask(event.opening, event.event, random, effects)
    else this.#step(event, random, effects)
    return effects
  }

  /** The next messages for the socket: of `budget` bytes or a little more, while there is anything. */
  next(budget: number): Uint8Array[] {
    return this.#outgoing.next(budget)
  }

  #request(frame: (request: number) => ClientFrame): number | 'not-connected' {
    if (this.#state.kind !== 'open') return 'not-connected'
    const request = this.nextRequest()
    this.#send(frame(request))
    return request
  }

  #send(frame: ClientFrame): void {
    if (this.#state.kind === 'greeting' && frame.kind !== 'hello') this.#held.push(frame)
    else this.#outgoing.enqueue(channelOf(frame), encodeClientFrame(frame))
  }

  #receive(bytes: Uint8Array, now: number, random: number, effects: SyncClientEffect[]): void {
    if (this.#state.kind !== 'greeting' && this.#state.kind !== 'open') return
    const received = this.#incoming.take(bytes, now)
    switch (received.kind) {
      case 'broken':
        this.#step(received, random, effects)
        return
      case 'piece':
        // A long transfer is a sign of life too.
        this.#step({ kind: 'heard' }, random, effects)
        return
      case 'frame':
        this.#step({ kind: 'frame', frame: received.frame }, random, effects)
    }
  }

  #step(event: ClientEvent, random: number, effects: SyncClientEffect[]): void {
    const step = stepClient(this.#config, this.#state, event, random)
    this.#state = step.state
    for (const effect of step.effects) this.#apply(effect, random, effects)
  }

  #apply(effect: ClientEffect, random: number, effects: SyncClientEffect[]): void {
    switch (effect.kind) {
      case 'send':
        this.#send(effect.frame)
        return
      case 'route':
        this.#route(effect.channel, effect.frame, random, effects)
        return
      case 'limits':
        this.#incoming.setLimits(effect.limits)
        this.#outgoing.setLimits(effect.limits)
        return
      case 'welcomed':
        this.#incoming.setVersion(effect.version)
        for (const frame of this.#held.splice(0)) this.#send(frame)
        effects.push(effect)
        return
      case 'answered':
        if (effect.request > this.#requests) this.#break('an answer to what was never asked', random, effects)
        else effects.push(effect)
        return
      case 'history':
        effects.push(effect)
        for (const opening of this.#openings.values()) this.#stepOpening(opening, { kind: 'distrust' }, random, effects)
        return
      case 'lost':
        if (effect.code === CLOSE.TOO_EARLY) this.#earlyChannels = 0
        this.#lose(random, effects)
        effects.push(effect)
        return
      default:
        effects.push(effect)
    }
  }

  #route(channel: number, frame: ChannelRelayFrame, random: number, effects: SyncClientEffect[]): void {
    const opening = this.#channels.get(channel)
    if (opening !== undefined) this.#stepOpening(opening, { kind: 'frame', frame }, random, effects)
    else this.#break(`channel ${channel} is not open`, random, effects)
  }

  #ask(opening: number, event: ClientChannelEvent, random: number, effects: SyncClientEffect[]): void {
    const entry = this.#openings.get(opening) ?? { opening, channel: 0, document: '', state: { kind: 'closed' } }
    const open = entry.state.kind === 'open'
    if (open && 'update' in event && event.update.length + UPDATE_OVERHEAD > this.#messageLimit()) {
      effects.push(told(entry, { kind: 'not-sent', reason: 'too-large' }))
    } else {
      this.#stepOpening(entry, event, random, effects)
    }
  }

  #stepOpening(entry: Opening, event: ClientChannelEvent, random: number, effects: SyncClientEffect[]): void {
    const step = stepClientChannel(entry.channel, entry.state, event)
    entry.state = step.state
    if (step.state.kind === 'closed' && this.#openings.delete(entry.opening)) this.#channels.delete(entry.channel)
    for (const effect of step.effects) {
      if (effect.kind === 'send') this.#send(effect.frame)
      else if (effect.kind === 'broken') this.#break(effect.reason, random, effects)
      else effects.push(told(entry, effect))
    }
  }

  #messageLimit(): number {
    return this.#state.kind === 'open' ? this.#state.limits.message : 0
  }

  #break(reason: string, random: number, effects: SyncClientEffect[]): void {
    this.#step({ kind: 'broken', code: CLOSE.BAD_FRAME, reason }, random, effects)
  }

  /** Every channel ends with its connection, and nothing that waited is sent on another. */
  #lose(random: number, effects: SyncClientEffect[]): void {
    for (const opening of [...this.#openings.values()]) this.#stepOpening(opening, { kind: 'lost' }, random, effects)
    this.#incoming = incomingFromRelay(DEFAULT_SYNC_LIMITS)
    this.#outgoing = new Outgoing(DEFAULT_SYNC_LIMITS)
    this.#early = 0
    this.#held = []
  }
}

function told(
  { opening, document }: Opening,
  effect: Extract<SyncClientEffect, { readonly kind: 'channel' }>['effect'],
): SyncClientEffect {
  return { kind: 'channel', opening, document, effect }
}
