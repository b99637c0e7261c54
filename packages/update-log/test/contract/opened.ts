import type { UpdateLog } from '@holdfast/update-log'

export interface ContractOptions {
  /** Opens a log on storage of its own. */
  readonly open: (options?: { readonly summaryLimit?: number }) => Promise<UpdateLog>
  /** Closes it and opens what is there now; null for a log that does not survive that. */
  readonly reopen: ((log: UpdateLog) => Promise<UpdateLog>) | null
}

export const one = { space: 'default', document: 'one' }
export const two = { space: 'default', document: 'two' }
export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
export const summary = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The log that one test after the other is about. */
export class OpenedLog {
  readonly #options: ContractOptions
  #log: UpdateLog | null = null

  constructor(options: ContractOptions) {
    this.#options = options
  }

  get log(): UpdateLog {
    if (this.#log === null) throw new Error('no log is open')
    return this.#log
  }

  /** Another log in the place of the one before, on storage of its own. */
  async anew(options?: { readonly summaryLimit?: number }): Promise<void> {
    await this.close()
    this.#log = await this.#options.open(options)
  }

  /** The same storage again. @returns false when the log does not survive that */
  async again(): Promise<boolean> {
    if (this.#options.reopen === null) return false
    this.#log = await this.#options.reopen(this.log)
    return true
  }

  /** Runs a check on the log as it is, and again after it was closed and opened. */
  async andAgain(check: () => Promise<void>): Promise<void> {
    await check()
    if (await this.again()) await check()
  }

  async close(): Promise<void> {
    await this.#log?.close()
    this.#log = null
  }
}
