import { type Decision, type Intake, REFUSAL } from '@holdfast/protocol'
import { AT_ONCE, ExamineError, type Examiner } from './examine/port.ts'

/** There is no room for what brings anything new. */
export type Full = Extract<Decision, { readonly kind: 'full' }>

export const SPACE_FULL: Full = {
  kind: 'full',
  code: REFUSAL.SPACE_FULL,
  reason: 'the space is full, try again when something was purged',
}
export const DOCUMENT_FULL: Full = { kind: 'full', code: REFUSAL.DOCUMENT_FULL, reason: 'the document is full' }

export interface JudgingOptions {
  /** Asked for at each use: of a large document it may not have been read yet. */
  readonly intake: () => Intake
  readonly examiner: Examiner
  /** Why there is no room for anything new now; null when there is. */
  readonly full: () => Full | null
  /** False once the document is served no more: nothing is taken then. */
  readonly isOpen: () => boolean
  /** Something was refused for this reason. */
  readonly onTooCostly: (reason: string) => void
}

export interface Question {
  readonly update: Uint8Array
  /** Whether what may be stored is taken as known (W4: not for readers). */
  readonly take: boolean
  /** False once nobody wants the answer any more: nothing is taken, and nothing told. */
  readonly isWanted: () => boolean
  /** The answer, in the same turn in which it is taken, so that nothing that builds on it is written before it. */
  readonly decided: (decision: Decision) => void
  /** There is no answer: nobody wants it any more, or the relay is ending. */
  readonly failed: () => void
}

/** How often a large update whose gap may have been filled meanwhile is looked at again. */
const LOOKS = 3

/**
 * Has the updates of one document judged (W5): small ones at once, large ones elsewhere and one after the other. What is small does not wait for
 * what is large; an update that tells what a smaller one told meanwhile is stored all the same, and says nothing new to anybody.
 */
export class Judging {
  readonly #options: JudgingOptions
  #last: Promise<void> = Promise.resolve()
  #objection: string | null = null
  /** Counts what was taken. */
  #taken = 0

  constructor(options: JudgingOptions) {
    this.#options = options
  }

  /** From now on nothing new is taken, for this reason; null: it is again. */
  object(reason: string | null): void {
    this.#objection = reason
  }

  /** @returns null when the update is large: ask `judgeLater` */
  judge(update: Uint8Array, take: boolean): Decision | null {
    if (update.length > AT_ONCE) return null
    const intake = this.#options.intake()
    const full = take ? this.#options.full() : null
    const takes = take && this.#objection === null && full === null
    const decision = takes ? intake.decide(update) : intake.check(update)
    if (takes && decision.kind === 'store') this.#taken += 1
    return this.#told(decision, take, full)
  }

  /** Answers later, by one of the question's two callbacks. */
  judgeLater(question: Question): void {
    this.#last = this.#last.then(() => this.#judgeElsewhere(question))
  }

  async #judgeElsewhere(question: Question): Promise<void> {
    for (let look = 1; ; look++) {
      const taken = this.#taken
      const found = await this.#look(question)
      if (found === null || !question.isWanted() || !this.#options.isOpen()) {
        question.failed()
        return
      }
      // What it lacked may have come since it was handed over.
      if (found.decision.kind === 'gap' && taken !== this.#taken && look < LOOKS) continue
      const full = question.take ? this.#options.full() : null
      if (question.take && this.#objection === null && full === null && found.gains !== null) {
        this.#options.intake().adopt(found.gains)
        this.#taken += 1
      }
      question.decided(this.#told(found.decision, question.take, full))
      return
    }
  }

  async #look({ update, isWanted }: Question): Promise<Awaited<ReturnType<Examiner['judge']>> | null> {
    const { intake, examiner, isOpen } = this.#options
    if (!isWanted() || !isOpen()) return null
    try {
      return await examiner.judge(intake().image(), update)
    } catch (error) {
      if (!(error instanceof ExamineError)) throw error
      if (error.code === 'CLOSED') return null
      return { decision: { kind: 'too-costly', reason: `judging it was given up: ${error.message}` }, gains: null }
    }
  }

  #told(decision: Decision, take: boolean, full: Full | null): Decision {
    const isNews = decision.kind === 'store' || decision.kind === 'gap'
    if (isNews && full !== null && this.#objection === null) return full
    const told: Decision =
      take && isNews && this.#objection !== null ? { kind: 'too-costly', reason: this.#objection } : decision
    if (told.kind === 'too-costly') this.#options.onTooCostly(told.reason)
    return told
  }
}
