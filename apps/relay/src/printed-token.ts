import type { Access, ListedToken } from '@holdfast/relay'

const NAME = 'printed at the start'
const DAY = 24 * 60 * 60 * 1000
/** As long as the printed address works. */
const LASTS = 365 * DAY
/** One that ends sooner is not printed again: an address is kept in bookmarks for longer. */
const WORTH = 30 * DAY

/**
 * The token of the address that each start prints: the same as at the last start as long as it works, so that the address may be kept and one entry is all there
 * is of it. When it was revoked, or ends within a month, it is a new one.
 * @param now milliseconds since 1970
 * @throws TokenLedgerError when a new one cannot be recorded
 */
export async function printedToken(access: Access, now: number): Promise<string> {
  const known = access.ledger
    ?.list()
    .findLast((token) => isOurs(token) && token.revoked === null && token.expires - now > WORTH)
  if (known !== undefined) return access.sign({ ...known, issued: known.created })
  const wish = { name: NAME, spaces: '*', role: 'admin', expires: now + LASTS } as const
  return (await access.create(wish)).token
}

function isOurs({ name, role, spaces, documents }: ListedToken): boolean {
  return name === NAME && role === 'admin' && spaces === '*' && documents === undefined
}
