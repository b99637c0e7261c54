import type { Access, Grant } from './access.ts'
import type { Clock } from './options.ts'

/** Why somebody who was let in has to go. */
export type TenureEnd = 'expired' | 'revoked'

/** How long one who was let in may stay. */
export interface Tenure {
  /** Another token took the place of the first. */
  renew(grant: Grant): void
  /** Nobody needs to be told any more. */
  close(): void
}

/** Longest delay that timers keep, in ms: 24 days. */
const LONGEST = 2 ** 31 - 1

/** Everybody who is in by a token, until it expires or is revoked: connections of both endpoints, long polls, transfers. */
export class Tenures {
  readonly #clock: Clock
  readonly #ledger: Access['ledger']
  readonly #byToken = new Map<string, Set<(why: TenureEnd) => void>>()
  readonly #stopListening: () => void

  constructor(clock: Clock, ledger: Access['ledger']) {
    this.#clock = clock
    this.#ledger = ledger
    this.#stopListening = ledger?.onRevoked((ids) => this.#revoked(ids)) ?? (() => undefined)
  }

  /** @param over called at most once, in this call already when the token has ended since it was looked at */
  begin(grant: Grant, over: (why: TenureEnd) => void): Tenure {
    let current: Grant | null = null
    let cancelExpiry: () => void = () => undefined
    const leave = (): void => {
      cancelExpiry()
      if (current !== null) this.#leave(keyOf(current), end)
      current = null
    }
    const end = (why: TenureEnd): void => {
      leave()
      over(why)
    }
    const enter = (next: Grant): void => {
      leave()
      current = next
      this.#enter(keyOf(next), end)
      if (next.id !== null && this.#ledger?.isRevoked(next.id) === true) {
        end('revoked')
        return
      }
      cancelExpiry = this.#atExpiry(next, () => end('expired'))
    }
    enter(grant)
    return { renew: enter, close: leave }
  }

  /** How many are in by the same token. */
  countOf(grant: Grant): number {
    return this.#byToken.get(keyOf(grant))?.size ?? 0
  }

  /** Listens no more. */
  close(): void {
    this.#stopListening()
  }

  #revoked(ids: ReadonlySet<string>): void {
    for (const id of ids) for (const end of [...(this.#byToken.get(id) ?? [])]) end('revoked')
  }

  #enter(id: string, end: (why: TenureEnd) => void): void {
    const all = this.#byToken.get(id) ?? new Set()
    this.#byToken.set(id, all)
    all.add(end)
  }

  #leave(id: string, end: (why: TenureEnd) => void): void {
    const all = this.#byToken.get(id)
    if (all?.delete(end) === true && all.size === 0) this.#byToken.delete(id)
  }

  /** A token's end is kept however far away it is. */
  #atExpiry({ expires }: Grant, run: () => void): () => void {
    if (expires === null) return () => undefined
    let cancel: () => void = () => undefined
    const wait = (): void => {
      const left = expires - this.#clock.now()
      if (left <= 0) run()
      else cancel = this.#clock.after(Math.min(left, LONGEST), wait)
    }
    wait()
    return () => cancel()
  }
}

/** The admin token has no id, and no id is empty. */
function keyOf({ id }: Grant): string {
  return id ?? ''
}
