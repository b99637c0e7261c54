import { Intake, type KnownImage } from '@holdfast/protocol'
import { bytesOf } from './examine/port.ts'

/** More than this takes longer to read than to hand on: whoever asked for it has it first. */
const LATER_BYTES = 64 * 1024

/** The intake of a stored document. Of a large one it is read when it is first needed, or a little after those who ask were answered. */
export class LateIntake {
  readonly #intake = new Intake()
  readonly #onUnreadable: (error: unknown) => void
  #unread: readonly Uint8Array[] = []
  #waiting: (() => void)[] = []
  #hasReadAll = false

  /** @param onUnreadable what is stored turned out to be no update when it was read late */
  constructor(onUnreadable: (error: unknown) => void) {
    this.#onUnreadable = onUnreadable
  }

  /**
   * Takes what is stored.
   * @throws BadUpdateError when it is read at once and is no update
   */
  take(stored: readonly Uint8Array[]): void {
    if (bytesOf(stored) > LATER_BYTES) {
      this.#unread = stored
      // Those whose question has come are answered in the turn between.
      setImmediate(() => setImmediate(() => this.intake))
      return
    }
    for (const part of stored) this.#intake.restore(part)
    this.#hasReadAll = true
  }

  /** Takes what was read elsewhere. */
  adopt(image: KnownImage): void {
    this.#intake.adopt(image)
  }

  get isRead(): boolean {
    return this.#unread.length === 0
  }

  /** Read now, if it was not. */
  get intake(): Intake {
    if (!this.isRead) this.#read()
    return this.#intake
  }

  /** Runs when it is read; never, when it cannot be. */
  whenRead(run: () => void): void {
    if (this.isRead) run()
    else this.#waiting.push(run)
  }

  /** What one with this (encoded) state vector lacks, if that can be told without reading what is stored: see `Intake.deletionsFor`. */
  deletionsFor(stateVector: Uint8Array): Uint8Array | null {
    return this.#hasReadAll ? this.#intake.deletionsFor(stateVector) : null
  }

  /** Nobody needs it any more. */
  drop(): void {
    this.#unread = []
    this.#waiting = []
  }

  #read(): void {
    const stored = this.#unread
    this.#unread = []
    try {
      for (const part of stored) this.#intake.restore(part)
    } catch (error) {
      this.#waiting = []
      this.#onUnreadable(error)
      return
    }
    this.#hasReadAll = true
    for (const run of this.#waiting.splice(0)) run()
  }
}
