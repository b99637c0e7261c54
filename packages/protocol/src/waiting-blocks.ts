import type { Block } from './causality.ts'

/**
 * Blocks that wait for one client to come to a clock, lowest first (a binary heap): each is woken once, however often that
 * client moves, so an update made to be slow is not.
 */
export class WaitingBlocks {
  readonly #clocks: number[] = []
  readonly #blocks: Block[] = []

  add(clock: number, block: Block): void {
    let at = this.#clocks.length
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.#clocks[parent]! <= clock) break
      this.#move(parent, at)
      at = parent
    }
    this.#clocks[at] = clock
    this.#blocks[at] = block
  }

  /** Moves every block that waits for a clock below `reach` to `ready`. */
  takeBelow(reach: number, ready: Block[]): void {
    while (this.#clocks.length > 0 && this.#clocks[0]! < reach) {
      ready.push(this.#blocks[0]!)
      const clock = this.#clocks.pop()!
      const block = this.#blocks.pop()!
      if (this.#clocks.length > 0) this.#sink(clock, block)
    }
  }

  #sink(clock: number, block: Block): void {
    const size = this.#clocks.length
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child + 1 < size && this.#clocks[child + 1]! < this.#clocks[child]!) child += 1
      if (child >= size || this.#clocks[child]! >= clock) break
      this.#move(child, at)
      at = child
    }
    this.#clocks[at] = clock
    this.#blocks[at] = block
  }

  #move(from: number, to: number): void {
    this.#clocks[to] = this.#clocks[from]!
    this.#blocks[to] = this.#blocks[from]!
  }
}
