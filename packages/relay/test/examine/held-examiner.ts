import { inlineExaminer } from '../../src/examine/inline.ts'
import type { Examiner } from '../../src/examine/port.ts'

/** Judges when the test says so. */
export class HeldExaminer implements Examiner {
  readonly #gates: (() => void)[] = []
  #arrived: (() => void)[] = []
  asked = 0

  async judge(...question: Parameters<Examiner['judge']>): ReturnType<Examiner['judge']> {
    this.asked += 1
    // What is known counts when it is asked.
    const answer = inlineExaminer.judge(...question)
    await new Promise<void>((resolve) => {
      this.#gates.push(resolve)
      for (const arrived of this.#arrived.splice(0)) arrived()
    })
    return answer
  }

  restore = inlineExaminer.restore
  join = inlineExaminer.join
  difference = inlineExaminer.difference
  close = inlineExaminer.close

  /** Resolves when something is being judged. */
  async asking(): Promise<void> {
    while (this.#gates.length === 0) await new Promise<void>((resolve) => this.#arrived.push(resolve))
  }

  async answer(): Promise<void> {
    await this.asking()
    this.#gates.shift()!()
  }
}
