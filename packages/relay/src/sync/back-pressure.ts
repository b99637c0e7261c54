import type { Wire } from '../wire.ts'

/** More that was accepted and is not durable, and the client is held back. */
const MOST_UNDER_WAY = 16 * 1024 * 1024

/** Whether more is read from one client: not while too much of it is not durable, nor while an update is looked at elsewhere, nor at the end. */
export class BackPressure {
  readonly #wire: Wire
  readonly #read: (bytes: Uint8Array) => void
  #underWay = 0
  #isHeldBack = false
  /** Messages that came while an update was being looked at elsewhere; null while none is. */
  #held: Uint8Array[] | null = null
  #isDraining = false

  /** @param read takes a message that was held, and may have those behind it held again */
  constructor(wire: Wire, read: (bytes: Uint8Array) => void) {
    this.#wire = wire
    this.#read = read
  }

  /** @returns whether the message is held: it will be handed to `read` in its order */
  holds(bytes: Uint8Array): boolean {
    if (this.#held === null) return false
    this.#held.push(bytes)
    return true
  }

  /** So many bytes more (or less) were accepted and are not durable. */
  underWay(bytes: number): void {
    this.#underWay += bytes
    const holdBack = this.#underWay > (this.#isHeldBack ? MOST_UNDER_WAY / 2 : MOST_UNDER_WAY)
    if (holdBack === this.#isHeldBack) return
    this.#isHeldBack = holdBack
    this.#flow()
  }

  /** Nothing more is taken, so that what was taken can be finished and told. */
  drain(): void {
    this.#isDraining = true
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
      this.#read(at)
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
}
