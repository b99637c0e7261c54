import { UpdateLogError } from '../errors.ts'
import { MAX_REFERENCES } from './port.ts'
import { type Opening, Tally } from './tally.ts'

/**
 * What can happen to the references of a space; their present state is what all of these come to, in order.
 *
 * - `refer` a document refers to a blob
 * - `release` a document is no more
 * - `loose` a blob is there (or about to be) and nobody refers to it since
 * - `forget` a blob was removed
 * - `damaged`, `collected` some of these were lost, so nothing may be removed; somebody who may decided that it may again
 * - `told` clients know that some were lost, and say them again
 * - `opened` what is told from now on is told to another opening of the store; `openings` in the place of all that came before
 */
export type ReferenceEvent =
  | { readonly kind: 'refer'; readonly document: string; readonly hash: string }
  | { readonly kind: 'release'; readonly at: number; readonly document: string }
  | { readonly kind: 'loose'; readonly at: number; readonly hash: string }
  | { readonly kind: 'forget'; readonly hash: string }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'collected' }
  | { readonly kind: 'told' }
  | { readonly kind: 'opened'; readonly name: string }
  | { readonly kind: 'openings'; readonly openings: readonly Opening[] }

/** Which documents of a space refer to which blobs, and since when nobody does. Pure; times are milliseconds since 1970. */
export class References {
  readonly #byDocument = new Map<string, Set<string>>()
  /** How many documents refer to a blob. */
  readonly #count = new Map<string, number>()
  readonly #loose = new Map<string, number>()
  readonly tally = new Tally()
  #isDamaged = false
  #isTold = true

  apply(event: ReferenceEvent): void {
    switch (event.kind) {
      case 'refer':
        this.tally.count()
        this.#refer(event.document, event.hash)
        return
      case 'release':
        for (const hash of this.#byDocument.get(event.document) ?? []) {
          const left = (this.#count.get(hash) ?? 1) - 1
          if (left > 0) this.#count.set(hash, left)
          else {
            this.#count.delete(hash)
            this.#loose.set(hash, event.at)
          }
        }
        this.#byDocument.delete(event.document)
        return
      case 'loose':
        if (!this.#count.has(event.hash)) this.#loose.set(event.hash, event.at)
        return
      case 'forget':
        this.#loose.delete(event.hash)
        return
      case 'damaged':
        this.#isDamaged = true
        this.#isTold = false
        // Nobody can count on what was told before.
        this.tally.replace([])
        return
      case 'opened':
        this.tally.open(event.name)
        return
      case 'openings':
        this.tally.replace(event.openings)
        return
      case 'told':
        this.#isTold = true
        return
      case 'collected':
        this.#isDamaged = false
    }
  }

  #refer(document: string, hash: string): void {
    const mine = this.#byDocument.get(document) ?? new Set()
    if (mine.has(hash)) return
    this.#byDocument.set(document, mine.add(hash))
    this.#count.set(hash, (this.#count.get(hash) ?? 0) + 1)
    this.#loose.delete(hash)
  }

  /** The events that make these references known. @throws UpdateLogError `TOO_MANY_REFERENCES` */
  toRefer(document: string, hashes: readonly string[]): ReferenceEvent[] {
    const mine = this.#byDocument.get(document)
    const fresh = [...new Set(hashes)].filter((hash) => mine?.has(hash) !== true)
    if ((mine?.size ?? 0) + fresh.length > MAX_REFERENCES) {
      throw new UpdateLogError('TOO_MANY_REFERENCES', `A document refers to at most ${MAX_REFERENCES} blobs.`)
    }
    return fresh.map((hash) => ({ kind: 'refer', document, hash }))
  }

  toRelease(document: string, at: number): ReferenceEvent[] {
    return this.#byDocument.has(document) ? [{ kind: 'release', at, document }] : []
  }

  /** Blobs that nobody refers to since `before` or longer; none while some references are lost. */
  looseSince(before: number): string[] {
    if (this.#isDamaged) return []
    return [...this.#loose].filter(([, since]) => since <= before).map(([hash]) => hash)
  }

  isReferred(hash: string): boolean {
    return this.#count.has(hash)
  }

  isLoose(hash: string): boolean {
    return this.#loose.has(hash)
  }

  get isDamaged(): boolean {
    return this.#isDamaged
  }

  /** Some were lost, and clients do not know yet. */
  get isUntold(): boolean {
    return !this.#isTold
  }

  referred(): IterableIterator<string> {
    return this.#count.keys()
  }

  documents(): IterableIterator<[string, ReadonlySet<string>]> {
    return this.#byDocument.entries()
  }

  /** The fewest events that come to the same. */
  *events(): Generator<ReferenceEvent> {
    if (this.#isDamaged || !this.#isTold) yield { kind: 'damaged' }
    if (this.#isDamaged && this.#isTold) yield { kind: 'told' }
    for (const [document, hashes] of this.#byDocument)
      for (const hash of hashes) yield { kind: 'refer', document, hash }
    for (const [hash, at] of this.#loose) yield { kind: 'loose', at, hash }
    const openings = this.tally.openings()
    if (openings.length > 0) yield { kind: 'openings', openings }
  }
}

/** What is referred to and not there, in order, above `after`. */
export function wantedOf(
  references: References,
  isThere: (hash: string) => boolean,
  limit: number,
  after: string,
): string[] {
  const missing = [...references.referred()].filter((hash) => hash > after && !isThere(hash))
  return missing.sort().slice(0, limit)
}
