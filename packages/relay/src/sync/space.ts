import { type Lease, type LeasedFrame, Leases, REFUSAL } from '@holdfast/protocol'
import type { Change, FeedPage, UpdateLog } from '@holdfast/update-log'
import type { Clock } from '../options.ts'
import type { ChannelEffect, SyncChannel } from './channel.ts'

/** A connection, as its space sees it. */
export interface SpacePeer {
  readonly client: string
  /** The feed now ends at `head`. */
  committed(head: number): void
}

/** Milliseconds between two pages of live feed: a stream of tokens moves it a hundred times a second, and nobody reads so fast. */
const FEED_PACE = 50
/** With more connections it is told less often, so that it is no more than a hundred of them a second, as long as none waits longer than the most. */
const FEED_PACE_EACH = 10
const FEED_PACE_MOST = 250
/** What a window holds is kept for it for so long after its connection has gone, in ms. */
const LEASE_GRACE = 5_000
/** Above every feed number: reads no entry. */
const BEYOND = 2 ** 47
/** Fencing numbers of one opening of the data folder lie this far above those of the one before; time adds less. */
const FENCING_STRIDE = 2 ** 32
const FIRST_STRIDE = 1_000

/** What the connections of one space share: the feed's pace, and the leases. */
export class SyncSpace {
  readonly name: string
  readonly #log: UpdateLog
  readonly #clock: Clock
  readonly #origin: number
  readonly #leases: Leases
  readonly #peers = new Set<SpacePeer>()
  readonly #watchers = new Map<string, Set<SyncChannel>>()
  /** Reads under way that nothing was committed since. */
  readonly #pages = new Map<string, Promise<FeedPage>>()
  /** The head that was read, and the highest number that commits have told since. */
  #read: number | null = null
  #committed = 0
  #toldAt = Number.NEGATIVE_INFINITY
  #cancelTell: (() => void) | null = null
  #cancelExpiry: (() => void) | null = null

  constructor(name: string, log: UpdateLog, clock: Clock) {
    this.name = name
    this.#log = log
    this.#clock = clock
    this.#origin = clock.monotonic()
    this.#leases = new Leases((FIRST_STRIDE + log.openings) * FENCING_STRIDE)
  }

  enter(peer: SpacePeer): void {
    this.#peers.add(peer)
  }

  leave(peer: SpacePeer): void {
    if (!this.#peers.delete(peer) || peer.client === '') return
    const isStillHere = [...this.#peers].some(({ client }) => client === peer.client)
    if (isStillHere) return
    this.#leases.left(peer.client, this.#now(), LEASE_GRACE)
    this.#armExpiry()
  }

  /** The feed's highest number. */
  async head(): Promise<number> {
    this.#read ??= (await this.#log.feed(this.name, { after: BEYOND, limit: 1 })).head
    return this.#known()
  }

  /** One page; whoever asks for the same at the same time gets the same. */
  feed(after: number, limit: number): Promise<FeedPage> {
    const key = `${after}/${limit}`
    const under = this.#pages.get(key)
    if (under !== undefined) return under
    const page = this.#log.feed(this.name, { after, limit })
    this.#pages.set(key, page)
    const forget = (): void => {
      if (this.#pages.get(key) === page) this.#pages.delete(key)
    }
    page.then(forget, forget)
    return page
  }

  /** Documents of this space were changed by a commit. */
  committed(changes: readonly Change[]): void {
    this.#pages.clear()
    for (const change of changes) {
      this.#committed = Math.max(this.#committed, change.feed)
      if (change.purged) this.#leases.purge(change.document)
    }
    this.#tellSoon()
  }

  watch(channel: SyncChannel): void {
    const { document } = channel.ref
    const watchers = this.#watchers.get(document) ?? new Set()
    this.#watchers.set(document, watchers)
    watchers.add(channel)
  }

  unwatch(channel: SyncChannel): void {
    const { document } = channel.ref
    const watchers = this.#watchers.get(document)
    if (watchers?.delete(channel) && watchers.size === 0) this.#watchers.delete(document)
  }

  /** Tells a channel who holds what. */
  introduce(channel: SyncChannel): void {
    const now = this.#now()
    for (const lease of this.#leases.of(channel.ref.document, now)) {
      channel.tell({ kind: 'leased', leased: { request: 0, ...held(lease, now) } })
    }
  }

  /** W12. */
  lease(channel: SyncChannel, wish: Extract<ChannelEffect, { readonly kind: 'lease' }>): void {
    const { request, key, operation, ttl, fencing } = wish
    if (channel.mode === 'exchange') {
      channel.tell({
        kind: 'request-refused',
        request,
        code: REFUSAL.NOT_FOUND,
        text: 'leases are for channels that watch',
      })
      return
    }
    const now = this.#now()
    const asked = { document: channel.ref.document, key, holder: channel.client, ttl }
    const answer =
      operation === 'acquire'
        ? this.#leases.acquire(asked, now)
        : operation === 'renew'
          ? this.#leases.renew(asked, fencing, now)
          : this.#leases.release(asked, fencing, now)
    if (answer.kind === 'refused') {
      const text = answer.code === REFUSAL.LEASE_HELD ? 'another window holds it' : 'it has run out, or another has it'
      channel.tell({ kind: 'request-refused', request, code: answer.code, text })
      return
    }
    const told = held(answer.lease, now)
    channel.tell({ kind: 'leased', leased: { request, ...told } })
    this.#tellLease(answer.lease.document, told, channel)
    this.#armExpiry()
  }

  /** Asks whoever holds the lease to stop. */
  stop(channel: SyncChannel, request: number, key: string): void {
    const { document } = channel.ref
    const lease = this.#leases.find(document, key, this.#now())
    const holders = [...(this.#watchers.get(document) ?? [])].filter(({ client }) => client === lease?.holder)
    if (lease === null || holders.length === 0) {
      channel.tell({ kind: 'request-refused', request, code: REFUSAL.NOT_FOUND, text: 'nobody who is here holds it' })
      return
    }
    for (const holder of holders) holder.tell({ kind: 'stop-requested', key, by: channel.client })
    channel.tell({ kind: 'request-done', request })
  }

  close(): void {
    this.#cancelTell?.()
    this.#cancelExpiry?.()
  }

  #known(): number {
    return Math.max(this.#read ?? 0, this.#committed)
  }

  /** At once when the last time is long ago, so that one change is seen at once and a stream of them is not. */
  #tellSoon(): void {
    if (this.#cancelTell !== null || this.#peers.size === 0) return
    const pace = Math.min(FEED_PACE_MOST, Math.max(FEED_PACE, this.#peers.size * FEED_PACE_EACH))
    const wait = Math.max(0, this.#toldAt + pace - this.#clock.monotonic())
    if (wait === 0) this.#tellHead()
    else this.#cancelTell = this.#clock.after(wait, () => this.#tellHead())
  }

  #tellHead(): void {
    this.#cancelTell = null
    this.#toldAt = this.#clock.monotonic()
    for (const peer of [...this.#peers]) peer.committed(this.#known())
  }

  #tellLease(
    document: string,
    leased: Omit<LeasedFrame, 'kind' | 'channel' | 'request'>,
    but: SyncChannel | null,
  ): void {
    for (const channel of [...(this.#watchers.get(document) ?? [])]) {
      if (channel !== but) channel.tell({ kind: 'leased', leased: { request: 0, ...leased } })
    }
  }

  #armExpiry(): void {
    this.#cancelExpiry?.()
    this.#cancelExpiry = null
    const next = this.#leases.nextExpiry()
    if (next !== null) this.#cancelExpiry = this.#clock.after(Math.max(0, next - this.#now()), () => this.#expire())
  }

  #expire(): void {
    const now = this.#now()
    for (const lease of this.#leases.expire(now)) this.#tellLease(lease.document, held(lease, now), null)
    this.#armExpiry()
  }

  /** Never goes back, and begins anew with the process: fencing numbers do not depend on the wall clock. */
  #now(): number {
    return this.#clock.monotonic() - this.#origin
  }
}

function held(
  { key, holder, fencing, expires }: Lease,
  now: number,
): Omit<LeasedFrame, 'kind' | 'channel' | 'request'> {
  const ttl = Math.max(0, Math.ceil(expires - now))
  return { key, holder: ttl === 0 ? '' : holder, fencing, ttl }
}
