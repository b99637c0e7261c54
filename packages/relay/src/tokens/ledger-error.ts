/** What was asked of the ledger of tokens was not done. */
export class TokenLedgerError extends Error {
  override readonly name = 'TokenLedgerError'
  readonly code: 'EXISTS' | 'BAD_ID' | 'UNWRITABLE' | 'UNREADABLE'

  constructor(code: TokenLedgerError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function unwritable(path: string, error: unknown): TokenLedgerError {
  const why = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
  return new TokenLedgerError('UNWRITABLE', `${path} cannot be written${why}; see to the disk, its owner and rights.`, {
    cause: error,
  })
}
