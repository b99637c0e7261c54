/** What ends the command with one line on stderr that says what to do, and a non-zero exit. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: number

  /** @param exitCode 1: it could not be done. 2: it was asked for wrongly. 130: it was interrupted. */
  constructor(message: string, options: { cause?: unknown; exitCode?: 1 | 2 | 130 } = {}) {
    super(message, { cause: options.cause })
    this.exitCode = options.exitCode ?? 1
  }
}

/** The system's own code of an error (`EADDRINUSE`), or null. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
