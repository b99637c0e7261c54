const CONTROL = 0x08
const FIN = 0x80
const MASKED = 0x80

/**
 * Follows the frames of RFC 6455 in what a socket receives, by their headers only: whether a message has begun and not ended, which
 * `ws` does not tell. What breaches the RFC is `ws`'s to find; it then asks for nothing more here.
 */
export class FrameWatch {
  /** Payload bytes of messages so far, control frames not counted. */
  payload = 0
  /** Messages that have ended so far. */
  ended = 0
  /** Whether a message has begun and not ended. */
  inMessage = false
  readonly #header = new Uint8Array(14)
  #have = 0
  #left = 0
  #isControl = false
  #isLast = false

  take(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at)
        this.#left -= step
        at += step
        if (!this.#isControl) this.payload += step
        if (this.#left === 0) this.#end()
      } else {
        this.#header[this.#have++] = chunk[at++]!
        if (this.#have >= 2 && this.#have === this.#headerLength()) this.#begin()
      }
    }
  }

  #headerLength(): number {
    const second = this.#header[1]!
    const short = second & 0x7f
    return 2 + (short === 127 ? 8 : short === 126 ? 2 : 0) + ((second & MASKED) === 0 ? 0 : 4)
  }

  #begin(): void {
    const [first = 0, second = 0] = this.#header
    this.#have = 0
    this.#isControl = (first & CONTROL) !== 0
    this.#isLast = (first & FIN) !== 0
    this.#left = this.#payloadLength(second & 0x7f)
    if (!this.#isControl) this.inMessage = true
    if (this.#left === 0) this.#end()
  }

  #payloadLength(short: number): number {
    if (short < 126) return short
    let length = 0
    for (const byte of this.#header.subarray(2, short === 126 ? 4 : 10)) length = length * 256 + byte
    return length
  }

  #end(): void {
    if (this.#isControl || !this.#isLast) return
    this.inMessage = false
    this.ended += 1
  }
}
