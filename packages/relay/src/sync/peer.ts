import {
  CLOSE,
  type CloseCode,
  type OpenFrame,
  type RequestAnswer,
  refusalName,
  SyncConnection,
  type SyncConnectionEffect,
  type SyncConnectionEvent,
  type SyncRole,
} from '@holdfast/protocol'
import type { DocumentRef } from '@holdfast/update-log'
import { type Grant, reachesDocument } from '../access.ts'
import { messageOf } from '../room.ts'
import type { Tenure, TenureEnd } from '../tenure.ts'
import type { Wire, WireListener } from '../wire.ts'
import { verifyToken } from './admission.ts'
import { type ChannelEvent, type ChannelHost, SyncChannel } from './channel.ts'
import { FORBIDDEN, failedAnswer } from './failures.ts'
import { OpenQueue } from './open-queue.ts'
import { Pace } from './pace.ts'
import { Pulse } from './pulse.ts'
import { keepSummary, purgeDocument } from './requests.ts'
import type { SyncServices } from './services.ts'
import type { SpacePeer, SyncSpace } from './space.ts'

export interface SyncPeerOptions {
  readonly id: number
  readonly wire: Wire
  readonly space: SyncSpace
  readonly services: SyncServices
  /** Called once, when its token was found good. */
  readonly onAdmitted: () => void
  /** Called once, when the connection is over. */
  readonly onGone: (peer: SyncPeer) => void
}

/** Handed to the socket at a time, in bytes. */
const BUDGET = 64 * 1024
/** Handed over in one turn of the event loop: a local socket takes any amount at once, and everybody else would wait. */
const TURN_BYTES = 256 * 1024
/** More that was accepted and is not durable, and the sender is held back. */
const MOST_UNDER_WAY = 16 * 1024 * 1024

/** One connection of `/sync/<space>`: carries out what `SyncConnection` decides. */
export class SyncPeer implements WireListener, ChannelHost, SpacePeer {
  readonly id: number
  readonly services: SyncServices
  readonly space: SyncSpace
  client = ''
  role: SyncRole = 'read'
  readonly #options: SyncPeerOptions
  readonly #wire: Wire
  readonly #connection: SyncConnection
  readonly #channels = new Map<number, SyncChannel>()
  readonly #opens: OpenQueue
  readonly #flushes = new Set<number>()
  #grant: Grant | null = null
  #cancelHello: (() => void) | null = null
  #tenure: Tenure | null = null
  #verifying: Promise<void> = Promise.resolve()
  #turnIsSet = false
  #underWay = 0
  #isHeldBack = false
  /** Messages that came while an update was being looked at elsewhere; null while none is. */
  #held: Uint8Array[] | null = null
  #isDraining = false
  #isOver = false
  #isGone = false
  #closeCode: number | null = null
  #closeReason = ''
  readonly #pulse: Pulse
  readonly #pace = new Pace()

  constructor(options: SyncPeerOptions) {
    const { id, wire, space, services } = options
    this.id = id
    this.space = space
    this.services = services
    this.#options = options
    this.#wire = wire
    this.#pulse = new Pulse(services.limits, services.clock.monotonic())
    this.#opens = new OpenQueue(() => this.#connection.waiting)
    const { versions, syncLimits: limits } = services
    this.#connection = new SyncConnection({
      limits,
      beforeWelcome: {
        frames: services.limits.earlyMessages,
        bytes: services.limits.earlyBytes,
        ms: services.limits.helloWithin,
      },
      waitingBytes: services.limits.waitingBytes,
      reach: () => services.log.commits,
      versions,
    })
  }

  /** The socket is there. */
  begin(): void {
    this.#run(this.#connection.begin())
  }

  /** Called every second or so. */
  tick(): void {
    const now = this.services.clock.monotonic()
    if (this.#connection.waiting === 0 && this.#wire.waiting === 0) this.#pulse.progressed(now)
    if (this.#pace.look(now)) this.#pump()
    const wish = this.#pulse.look(now, this.#connection.oldestTransfer)
    if (wish === 'stalled') this.#handle({ kind: 'stalled' })
    else if (wish === 'ping') this.#wire.ping()
  }

  /** Takes nothing more, so that what was taken can be finished and told. */
  drain(): void {
    this.#isDraining = true
    this.#flow()
  }

  shutDown(): void {
    this.#turn()
    this.#handle({ kind: 'shutting-down' })
  }

  incarnationChanged(): void {
    this.#handle({ kind: 'incarnation-changed' })
  }

  // What the socket tells.

  message(bytes: Uint8Array): void {
    const now = this.services.clock.monotonic()
    this.#pulse.heard(now)
    if (this.#held === null) this.#handle({ kind: 'bytes', bytes, now })
    else this.#held.push(bytes)
  }

  textMessage(): void {
    this.#handle({ kind: 'text' })
  }

  pong(mark = 0): void {
    const now = this.services.clock.monotonic()
    this.#pulse.heard(now)
    this.#pace.answered(mark, now)
    this.#pump()
  }

  drained(): void {
    this.#pulse.progressed(this.services.clock.monotonic())
    // In a turn of its own: a socket that takes all at once says so before anything else is looked at.
    this.#turnSoon()
  }

  closed(code: number): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#opens.clear()
    this.#handle({ kind: 'gone' })
    this.#isOver = true
    this.#cancelHello?.()
    this.#tenure?.close()
    this.space.leave(this)
    const event = 'sync-disconnected'
    this.services.report({
      event,
      peer: this.id,
      space: this.space.name,
      code: this.#closeCode ?? code,
      reason: this.#closeReason,
    })
    this.#options.onGone(this)
  }

  // What the space and the channels tell.

  committed(head: number): void {
    this.#handle({ kind: 'committed', head })
  }

  tell(opening: number, event: ChannelEvent): void {
    this.#handle({ kind: 'channel', opening, event })
  }

  flushSoon(opening: number): void {
    this.#flushes.add(opening)
    this.#turnSoon()
  }

  underWay(bytes: number): void {
    this.#underWay += bytes
    const holdBack = this.#underWay > (this.#isHeldBack ? MOST_UNDER_WAY / 2 : MOST_UNDER_WAY)
    if (holdBack === this.#isHeldBack) return
    this.#isHeldBack = holdBack
    this.#flow()
  }

  hold(): void {
    this.#held ??= []
    this.#flow()
  }

  goOn(): void {
    const held = this.#held ?? []
    this.#held = null
    for (let at = held.shift(); at !== undefined; at = held.shift()) {
      this.message(at)
      // Another that is looked at elsewhere: the rest waits for it too.
      if (this.#held !== null) {
        this.#held = held
        return
      }
    }
    this.#flow()
  }

  #flow(): void {
    if (this.#isHeldBack || this.#isDraining || this.#held !== null) this.#wire.pause()
    else this.#wire.resume()
  }

  breached(code: number, reason: string): void {
    if (this.#closeCode !== null) return
    this.#closeCode = code
    this.#closeReason = reason
    this.services.metrics.closed(code)
  }

  levelled(channel: SyncChannel): void {
    this.#opens.done(channel)
  }

  over(channel: SyncChannel): void {
    if (this.#channels.delete(channel.opening)) this.services.metrics.channels -= 1
    this.#opens.done(channel)
  }

  garbage(reason: string): void {
    this.#handle({ kind: 'denied', code: CLOSE.BAD_FRAME, reason })
  }

  #handle(event: SyncConnectionEvent): void {
    if (this.#isOver && event.kind !== 'gone') return
    this.#run(this.#connection.handle(event))
    this.#turnSoon()
  }

  #run(effects: readonly SyncConnectionEffect[]): void {
    for (const effect of effects) this.#carryOut(effect)
  }

  #carryOut(effect: SyncConnectionEffect): void {
    switch (effect.kind) {
      case 'channel':
        this.#channels.get(effect.opening)?.carryOut(effect.effect)
        return
      case 'close':
        this.#close(effect.code, effect.reason)
        return
      case 'set-timer':
        // The token's own end is kept by its tenure, however far away it is.
        if (effect.timer === 'hello') {
          this.#cancelHello = this.services.clock.after(effect.ms, () =>
            this.#handle({ kind: 'timer', timer: 'hello' }),
          )
        }
        return
      case 'clear-timer':
        if (effect.timer === 'hello') this.#cancelHello?.()
        return
      case 'verify':
        this.client ||= effect.client
        this.#verify(effect.token)
        return
      case 'admitted':
        this.#admitted(effect.role, effect.renewed)
        return
      case 'note-ahead': {
        const { cursor, head } = effect
        this.services.report({ event: 'cursor-ahead', peer: this.id, space: this.space.name, cursor, head })
        return
      }
      case 'note-refusal':
        this.services.metrics.refused(refusalName(effect.code))
        return
      case 'read-feed':
        this.#readFeed(effect.after, effect.limit)
        return
      case 'open':
        this.#open(effect.opening, effect.open)
        return
      case 'summary': {
        const { request, document, epoch } = effect
        const summary = effect.summary.slice()
        this.#request(request, document, (ref) => keepSummary(this.services, ref, epoch, summary))
        return
      }
      case 'purge':
        this.#request(effect.request, effect.document, (ref) => purgeDocument(this.services, ref, effect.epoch))
    }
  }

  /** One token after the other, so that the last one given is the one that counts. */
  #verify(token: string): void {
    this.#verifying = this.#verifying.then(async () => {
      const { state } = this.#connection
      const hello = state.kind === 'verifying' ? state.hello : null
      const verdict = await verifyToken(this.services, this.space, token, hello)
      if (this.#isOver) return
      if (verdict.kind === 'denied') {
        this.#handle(verdict)
        return
      }
      this.#grant = verdict.grant
      this.#stay(verdict.grant)
      this.#handle(verdict.event)
    })
  }

  #stay(grant: Grant): void {
    if (this.#tenure === null) this.#tenure = this.services.tenures.begin(grant, (why) => this.#hasToGo(why))
    else this.#tenure.renew(grant)
  }

  #hasToGo(why: TenureEnd): void {
    if (why === 'expired') this.#handle({ kind: 'timer', timer: 'expiry' })
    else this.#handle({ kind: 'denied', code: CLOSE.TOKEN_EXPIRED, reason: 'the token was revoked' })
  }

  #admitted(role: SyncRole, renewed: boolean): void {
    this.role = role
    if (!renewed) {
      this.#options.onAdmitted()
      this.space.enter(this)
      this.services.report({ event: 'sync-connected', peer: this.id, space: this.space.name, client: this.client })
      return
    }
    for (const channel of [...this.#channels.values()]) {
      if (this.#reaches(channel.ref.document)) channel.tell({ kind: 'role', role })
      else channel.end(FORBIDDEN)
    }
  }

  #reaches(document: string): boolean {
    return this.#grant !== null && reachesDocument(this.#grant, document)
  }

  #readFeed(after: number, limit: number): void {
    this.space.feed(after, limit).then(
      ({ entries, head }) => {
        if (head < after) {
          this.incarnationChanged()
          return
        }
        const upTo = entries.length < limit ? head : entries.at(-1)!.feed
        const page = entries
          .filter(({ document }) => this.#reaches(document))
          .map(({ feed, ...entry }) => ({ ...entry, number: feed }))
        this.#handle({ kind: 'feed-page', entries: page, upTo, head })
      },
      (error: unknown) => {
        this.services.report({ event: 'request-failed', path: `/sync/${this.space.name}`, error: messageOf(error) })
        this.#handle({ kind: 'feed-failed' })
      },
    )
  }

  #open(opening: number, open: OpenFrame): void {
    const ref = { space: this.space.name, document: open.document }
    const channel = new SyncChannel(opening, ref, open, this)
    this.#channels.set(opening, channel)
    this.services.metrics.channels += 1
    if (this.#reaches(open.document)) this.#opens.add(channel)
    else channel.refuse(FORBIDDEN)
  }

  /** Does what was asked of a document, if the token reaches it, and answers. */
  #request(request: number, document: string, act: (ref: DocumentRef) => Promise<RequestAnswer>): void {
    const answer = this.#reaches(document)
      ? act({ space: this.space.name, document })
      : Promise.resolve(failedAnswer(FORBIDDEN))
    void answer.then((answer) => this.#handle({ kind: 'answered', request, answer }))
  }

  #turnSoon(): void {
    if (this.#turnIsSet || this.#isOver) return
    this.#turnIsSet = true
    setImmediate(() => this.#turn())
  }

  /** The turn of the event loop is over: acks have joined, and everything goes out together. */
  #turn(): void {
    this.#turnIsSet = false
    if (this.#isOver) return
    const flushes = [...this.#flushes]
    this.#flushes.clear()
    for (const opening of flushes) {
      this.#run(this.#connection.handle({ kind: 'channel', opening, event: { kind: 'flush' } }))
    }
    this.#pump()
  }

  /** W7: as much as the socket takes, a turn's worth at a time, and pieces only as far as those before have arrived. */
  #pump(): void {
    let left = TURN_BYTES
    while (!this.#isOver && !this.#wire.isFull) {
      if (left <= 0) {
        this.#turnSoon()
        return
      }
      const messages = this.#connection.next(BUDGET, !this.#pace.isFull)
      if (messages.length > 0) left -= this.#send(messages)
      else {
        const before = this.#connection.waiting
        this.#run(this.#connection.sent())
        this.#opens.next()
        if (this.#connection.waiting === before) return
      }
    }
  }

  #send(messages: readonly Uint8Array[]): number {
    const bytes = messages.reduce((sum, message) => sum + message.length, 0)
    this.services.metrics.sentBytes += bytes
    this.services.metrics.sentFrames += messages.length
    this.#wire.sendAll(messages)
    const mark = this.#pace.sent(bytes, this.services.clock.monotonic())
    if (mark !== null) this.#wire.ping(mark)
    return bytes
  }

  #close(code: CloseCode, reason: string): void {
    if (this.#closeCode !== null) return
    // What waits for room is told as far as there is any: the last acks, mostly.
    this.#pump()
    this.#opens.clear()
    this.#isOver = true
    this.#closeCode = code
    this.#closeReason = reason
    this.services.metrics.closed(code)
    // One that takes nothing would not take a close frame either.
    if (code === CLOSE.STALLED && this.#wire.waiting > 0) this.#wire.terminate()
    else this.#wire.close(code, reason)
    this.#wire.resume()
  }
}
