/** Smaller pieces are put together at once: each that is kept as it came takes some hundred bytes beside its own. */
const LEAST = 16 * 1024
const CHUNK = 64 * 1024

/**
 * The bytes of a transfer until it is whole. Pieces stay the messages that they came as, so that a large transfer is copied once, when it is joined,
 * and is never moved as it grows: 5 MB in a page were 13 MB of new memory. Takes up to twice what came, and a chunk.
 */
export class Gathered {
  readonly #total: number
  readonly #parts: Uint8Array[] = []
  /** Where small pieces are put together. */
  #chunk = new Uint8Array(0)
  #filled = 0
  #length = 0

  /** @param total never allocated before as much has come */
  constructor(total: number) {
    this.#total = total
  }

  get length(): number {
    return this.#length
  }

  /** Takes the next bytes, which are not to be changed any more. */
  add(bytes: Uint8Array): void {
    if (bytes.length >= LEAST && bytes.buffer.byteLength <= bytes.length * 2) {
      this.#seal()
      this.#parts.push(bytes)
    } else {
      for (let at = 0; at < bytes.length; ) at += this.#fill(bytes.subarray(at), this.#total - this.#length - at)
    }
    this.#length += bytes.length
  }

  /** All of it, once `total` has come. */
  join(): Uint8Array {
    this.#seal()
    const whole = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  /** @returns how many of the bytes it took */
  #fill(bytes: Uint8Array, most: number): number {
    if (this.#filled === this.#chunk.length) {
      this.#seal()
      this.#chunk = new Uint8Array(Math.min(CHUNK, most))
    }
    const part = bytes.subarray(0, this.#chunk.length - this.#filled)
    this.#chunk.set(part, this.#filled)
    this.#filled += part.length
    return part.length
  }

  #seal(): void {
    if (this.#filled === 0) return
    const isFull = this.#filled * 2 >= this.#chunk.length
    this.#parts.push(isFull ? this.#chunk.subarray(0, this.#filled) : this.#chunk.slice(0, this.#filled))
    this.#chunk = new Uint8Array(0)
    this.#filled = 0
  }
}
