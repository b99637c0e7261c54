import { joinUpdates } from '@holdfast/protocol'

/** More than this is not worth keeping beside the state. */
const TAIL_BYTES = 256 * 1024

/** The last records of a document with their positions, for those who lack only those. */
export class Tail {
  /** The position before the first of them. */
  #before: number
  #updates: Uint8Array[]
  #bytes: number

  /** @param seq the position of the last of `updates` */
  constructor(seq: number, updates: readonly Uint8Array[]) {
    this.#before = seq - updates.length
    this.#updates = updates.slice()
    this.#bytes = updates.reduce((bytes, update) => bytes + update.length, 0)
    this.#bound()
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Takes the record at `seq`; what was taken before is passed over. */
  add(seq: number, update: Uint8Array): void {
    const last = this.#before + this.#updates.length
    if (seq <= last) return
    if (seq > last + 1) {
      this.#before = seq - 1
      this.#updates = []
      this.#bytes = 0
    }
    this.#updates.push(update)
    this.#bytes += update.length
    this.#bound()
  }

  /**
   * What was written after the position `seq`, up to `to`, as one update.
   * @returns null when not all of it is here
   */
  between(seq: number, to: number): Uint8Array | null {
    if (seq < this.#before || to > this.#before + this.#updates.length || to <= seq) return null
    return joinUpdates(this.#updates.slice(seq - this.#before, to - this.#before))
  }

  #bound(): void {
    if (this.#bytes <= TAIL_BYTES) return
    this.#before += this.#updates.length
    this.#updates = []
    this.#bytes = 0
  }
}
