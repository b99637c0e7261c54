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
import { messageOf } from '../events.ts'
import { Pulse } from '../pulse.ts'
import type { Wire, WireListener } from '../wire.ts'
import { BackPressure } from './back-pressure.ts'
import { type ChannelEvent, type ChannelHost, SyncChannel } from './channel.ts'
import { Credentials } from './credentials.ts'
import { FORBIDDEN, failedAnswer } from './failures.ts'
import { OpenQueue } from './open-queue.ts'
import { keepSummary, purgeDocument } from './requests.ts'
import { Sender } from './sender.ts'
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
  readonly #sender: Sender
  readonly #incoming: BackPressure
  readonly #credentials: Credentials
  readonly #pulse: Pulse
  #cancelHello: (() => void) | null = null
  #isOver = false
  #isGone = false
  #closeCode: number | null = null
  #closeReason = ''

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
    const connection = this.#connection
    this.#sender = new Sender({ wire, connection, opens: this.#opens, services, run: (effects) => this.#run(effects) })
    this.#incoming = new BackPressure(wire, (bytes) => this.message(bytes))
    this.#credentials = new Credentials({
      services,
      space,
      hello: () => (connection.state.kind === 'verifying' ? connection.state.hello : null),
      isOver: () => this.#isOver,
      tell: (event) => this.#handle(event),
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
    this.#sender.tick(now)
    const wish = this.#pulse.look(now, this.#connection.oldestTransfer)
    if (wish === 'stalled') this.#handle({ kind: 'stalled' })
    else if (wish === 'ping') this.#wire.ping()
  }

  /** Takes nothing more, so that what was taken can be finished and told. */
  drain(): void {
    this.#incoming.drain()
  }

  shutDown(): void {
    this.#sender.turn()
    this.#handle({ kind: 'shutting-down' })
  }

  incarnationChanged(): void {
    this.#handle({ kind: 'incarnation-changed' })
  }

  // What the socket tells.

  message(bytes: Uint8Array): void {
    const now = this.services.clock.monotonic()
    this.#pulse.heard(now)
    if (!this.#incoming.holds(bytes)) this.#handle({ kind: 'bytes', bytes, now })
  }

  textMessage(): void {
    this.#handle({ kind: 'text' })
  }

  pong(mark = 0): void {
    const now = this.services.clock.monotonic()
    this.#pulse.heard(now)
    this.#sender.answered(mark, now)
  }

  drained(): void {
    this.#pulse.progressed(this.services.clock.monotonic())
    // In a turn of its own: a socket that takes all at once says so before anything else is looked at.
    this.#sender.soon()
  }

  closed(code: number): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#opens.clear()
    this.#handle({ kind: 'gone' })
    this.#end()
    this.#cancelHello?.()
    this.#credentials.close()
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
    this.#sender.flushSoon(opening)
  }

  underWay(bytes: number): void {
    this.#incoming.underWay(bytes)
  }

  hold(): void {
    this.#incoming.hold()
  }

  goOn(): void {
    this.#incoming.goOn()
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
    this.#sender.soon()
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
        this.#credentials.show(effect.token)
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

  #admitted(role: SyncRole, renewed: boolean): void {
    this.role = role
    if (!renewed) {
      this.#options.onAdmitted()
      this.space.enter(this)
      this.services.report({ event: 'sync-connected', peer: this.id, space: this.space.name, client: this.client })
      return
    }
    for (const channel of [...this.#channels.values()]) {
      if (this.#credentials.reaches(channel.ref.document)) channel.tell({ kind: 'role', role })
      else channel.end(FORBIDDEN)
    }
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
          .filter(({ document }) => this.#credentials.reaches(document))
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
    if (this.#credentials.reaches(open.document)) this.#opens.add(channel)
    else channel.refuse(FORBIDDEN)
  }

  /** Does what was asked of a document, if the token reaches it, and answers. */
  #request(request: number, document: string, act: (ref: DocumentRef) => Promise<RequestAnswer>): void {
    const answer = this.#credentials.reaches(document)
      ? act({ space: this.space.name, document })
      : Promise.resolve(failedAnswer(FORBIDDEN))
    void answer.then((answer) => this.#handle({ kind: 'answered', request, answer }))
  }

  #close(code: CloseCode, reason: string): void {
    if (this.#closeCode !== null) return
    // What waits for room is told as far as there is any: the last acks, mostly.
    this.#sender.pump()
    this.#opens.clear()
    this.#end()
    this.#closeCode = code
    this.#closeReason = reason
    this.services.metrics.closed(code)
    // One that takes nothing would not take a close frame either.
    if (code === CLOSE.STALLED && this.#wire.waiting > 0) this.#wire.terminate()
    else this.#wire.close(code, reason)
    this.#wire.resume()
  }

  /** Nothing is taken or said any more, but that the socket has closed. */
  #end(): void {
    this.#isOver = true
    this.#sender.stop()
  }
}
