import { REFUSAL } from './codes.ts'
import { LEASE_TTL } from './limits.ts'

/** A lease as it stands. Times are milliseconds of the caller's clock. */
export interface Lease {
  readonly document: string
  readonly key: string
  readonly holder: string
  readonly fencing: number
  readonly expires: number
}

export type LeaseAnswer =
  | { readonly kind: 'granted'; readonly lease: Lease }
  | { readonly kind: 'refused'; readonly code: typeof REFUSAL.LEASE_HELD | typeof REFUSAL.LEASE_LOST }

export interface LeaseWish {
  readonly document: string
  readonly key: string
  readonly holder: string
  /** Milliseconds; brought into `LEASE_TTL`. */
  readonly ttl: number
}

/**
 * The leases of one space (W12). Reads no clock: `now` is handed in, milliseconds since 1970. Fencing numbers grow with every
 * grant, and over restarts too as long as the clock does or `floor` is handed on: each is above `floor`, above `now`
 * and above all before it.
 */
export class Leases {
  readonly #leases = new Map<string, Lease>()
  #fencing: number

  constructor(floor = 0) {
    this.#fencing = floor
  }

  /** The highest number given so far: the `floor` for whoever comes next. */
  get floor(): number {
    return this.#fencing
  }

  get size(): number {
    return this.#leases.size
  }

  /** Grants a free lease. A holder that asks again gets a new number, and its old one is void. */
  acquire(wish: LeaseWish, now: number): LeaseAnswer {
    const held = this.#live(wish.document, wish.key, now)
    if (held !== null && held.holder !== wish.holder) return { kind: 'refused', code: REFUSAL.LEASE_HELD }
    this.#fencing = Math.max(this.#fencing, Math.floor(now)) + 1
    return this.#put({ ...wish, fencing: this.#fencing, expires: now + bounded(wish.ttl) })
  }

  /** Keeps a lease for `ttl` from now. The number stays. */
  renew(wish: LeaseWish, fencing: number, now: number): LeaseAnswer {
    const held = this.#held(wish, fencing, now)
    if (held === null) return { kind: 'refused', code: REFUSAL.LEASE_LOST }
    return this.#put({ ...held, expires: now + bounded(wish.ttl) })
  }

  /** Gives a lease back; `lease.expires` of the answer is `now`. */
  release(wish: LeaseWish, fencing: number, now: number): LeaseAnswer {
    const held = this.#held(wish, fencing, now)
    if (held === null) return { kind: 'refused', code: REFUSAL.LEASE_LOST }
    this.#leases.delete(id(held.document, held.key))
    return { kind: 'granted', lease: { ...held, expires: now } }
  }

  /** The holder's connection has gone: what it holds ends after `grace` at the latest, unless it comes back and renews. */
  left(holder: string, now: number, grace: number): void {
    for (const lease of [...this.#leases.values()]) {
      if (lease.holder === holder) this.#put({ ...lease, expires: Math.min(lease.expires, now + grace) })
    }
  }

  find(document: string, key: string, now: number): Lease | null {
    return this.#live(document, key, now)
  }

  /** The live leases of a document, to tell whoever opens it. */
  of(document: string, now: number): Lease[] {
    return [...this.#leases.values()].filter((lease) => lease.document === document && lease.expires > now)
  }

  /** Removes and returns the leases that have run out, for their watchers to be told. */
  expire(now: number): Lease[] {
    const over = [...this.#leases.values()].filter((lease) => lease.expires <= now)
    for (const lease of over) this.#leases.delete(id(lease.document, lease.key))
    return over
  }

  /** When `expire` has something to do next; null when nothing is held. */
  nextExpiry(): number | null {
    let next: number | null = null
    for (const { expires } of this.#leases.values()) if (next === null || expires < next) next = expires
    return next
  }

  /** Forgets all leases of a document that was purged. */
  purge(document: string): void {
    for (const lease of [...this.#leases.values()]) {
      if (lease.document === document) this.#leases.delete(id(lease.document, lease.key))
    }
  }

  #live(document: string, key: string, now: number): Lease | null {
    const lease = this.#leases.get(id(document, key))
    return lease !== undefined && lease.expires > now ? lease : null
  }

  #held(wish: LeaseWish, fencing: number, now: number): Lease | null {
    const lease = this.#live(wish.document, wish.key, now)
    return lease !== null && lease.holder === wish.holder && lease.fencing === fencing ? lease : null
  }

  #put({ document, key, holder, fencing, expires }: Lease): LeaseAnswer {
    const lease: Lease = { document, key, holder, fencing, expires }
    this.#leases.set(id(document, key), lease)
    return { kind: 'granted', lease }
  }
}

/** "/" is in no name. */
function id(document: string, key: string): string {
  return `${document}/${key}`
}

function bounded(ttl: number): number {
  return Math.min(LEASE_TTL.max, Math.max(LEASE_TTL.min, ttl))
}
