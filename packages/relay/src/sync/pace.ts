/** Bytes from one question whether they have arrived to the next. */
const ASK_EVERY = 64 * 1024
/** Bounds of what may be on its way while pieces are held back for it. */
const LEAST = 128 * 1024
const MOST = 8 * 1024 * 1024
/** Milliseconds that a byte may wait behind others on its way. */
const QUEUE_MS = 20
/** A question that is not answered for so long will not be: something between us and the client swallows pings. */
const UNANSWERED_MS = 5_000

interface Question {
  readonly mark: number
  /** Bytes sent before it. */
  readonly behind: number
  readonly at: number
}

/**
 * How many bytes may be on their way to a client. A socket takes megabytes without complaint, and an acknowledgement that is sent next
 * waits behind them in buffers of the system: 5 MB in front of it were 100 to 300 ms on a busy machine (measured). So pings go between the
 * pieces, and what they take longer than the quickest of them is the queue; it is kept short, as LEDBAT does (RFC 6817). Until a client has
 * answered one nothing is held back.
 */
export class Pace {
  #window = LEAST * 2
  #sent = 0
  #arrived = 0
  #asked = 0
  #marks = 0
  #questions: Question[] = []
  #quickest = Number.POSITIVE_INFINITY

  /** So much is on its way that no more pieces should go. */
  get isFull(): boolean {
    return this.#quickest < Number.POSITIVE_INFINITY && this.#sent - this.#arrived >= this.#window
  }

  /** @returns what to ping with now, or null */
  sent(bytes: number, now: number): number | null {
    this.#sent += bytes
    if (this.#sent - this.#asked < ASK_EVERY) return null
    this.#asked = this.#sent
    this.#marks += 1
    this.#questions.push({ mark: this.#marks, behind: this.#sent, at: now })
    return this.#marks
  }

  /** A ping was answered, and with it those before it. */
  answered(mark: number, now: number): void {
    const last = this.#questions.findIndex((question) => question.mark === mark)
    const question = this.#questions[last]
    if (question === undefined) return
    this.#questions = this.#questions.slice(last + 1)
    const took = now - question.at
    this.#quickest = Math.min(this.#quickest, took)
    const wasUsed = this.#sent - this.#arrived >= this.#window / 2
    if (took - this.#quickest > QUEUE_MS) this.#window = Math.max(LEAST, this.#window * 0.75)
    else if (wasUsed) this.#window = Math.min(MOST, this.#window + question.behind - this.#arrived)
    this.#arrived = Math.max(this.#arrived, question.behind)
  }

  /** Called every second or so. @returns whether what was held back may go */
  look(now: number): boolean {
    const oldest = this.#questions[0]
    if (oldest === undefined || now - oldest.at < UNANSWERED_MS) return false
    this.#questions = []
    this.#arrived = this.#sent
    this.#quickest = Number.POSITIVE_INFINITY
    return true
  }
}
