import type { Environment } from '../environment.ts'
import type { FeedCursor } from '../persistence/port.ts'
import type { RelayAddress } from '../types.ts'
import { baseOf } from './gate.ts'
import { type FeedChange, type FeedPage, OfflineError } from './port.ts'

const PAGE = 200
const WAIT_SECONDS = 25
const NOT_AT_ALL = 0

/** Asks for one page of a space's feed. Rejects with `OfflineError` for whatever went wrong: it is asked again. */
export async function askFeed(
  space: string,
  address: RelayAddress,
  after: FeedCursor | null,
  signal: AbortSignal,
  fetch: Environment['fetch'],
): Promise<FeedPage> {
  const page = await ask(space, address, after, WAIT_SECONDS, signal, fetch)
  // Another history: its beginning, empty or not, is news by itself.
  if (after && !page.follows) return { ...(await ask(space, address, null, NOT_AT_ALL, signal, fetch)), follows: false }
  return page
}

async function ask(
  space: string,
  address: RelayAddress,
  after: FeedCursor | null,
  wait: number,
  signal: AbortSignal,
  fetch: Environment['fetch'],
): Promise<FeedPage> {
  const named = after ? `&history=${encodeURIComponent(after.incarnation)}` : ''
  const query = `after=${after?.feed ?? 0}&limit=${PAGE}&wait=${wait}${named}`
  try {
    const response = await fetch(`${baseOf(address)}/feed/${encodeURIComponent(space)}?${query}`, {
      headers: { authorization: `Bearer ${address.token}` },
      signal,
      cache: 'no-store',
    })
    if (!response.ok) throw new OfflineError(`the relay answered ${response.status}`)
    return readPage(await response.json(), after)
  } catch (error) {
    throw error instanceof OfflineError ? error : new OfflineError('the feed cannot be read', { cause: error })
  }
}

/** Checks what the relay said. A `head` below the cursor is a history that went back: it is read from the beginning. */
function readPage(body: unknown, asked: FeedCursor | null): FeedPage {
  const after = asked?.feed ?? 0
  if (!isRecord(body) || typeof body.incarnation !== 'string' || !isCount(body.head) || !Array.isArray(body.entries)) {
    throw new OfflineError('the relay answered something that is no feed')
  }
  const changes = body.entries.map(readChange).sort((a, b) => a.feed - b.feed)
  const last = changes.at(-1)?.feed ?? after
  const next = changes.length < PAGE ? Math.max(last, body.head) : last
  // A relay of the version before names no history: an older copy put back shows only by its numbers.
  const name = typeof body.history === 'string' ? body.history : body.incarnation
  const known = [name, body.incarnation].includes(asked?.incarnation ?? name)
  return {
    incarnation: name,
    follows: known || body.follows === true,
    changes,
    next: body.head < after && changes.length === 0 ? 0 : next,
  }
}

function readChange(entry: unknown): FeedChange {
  if (!isRecord(entry) || typeof entry.document !== 'string' || !isCount(entry.feed)) {
    throw new OfflineError('the relay answered a feed entry that cannot be read')
  }
  return {
    document: entry.document,
    feed: entry.feed,
    epoch: typeof entry.epoch === 'string' ? entry.epoch : '',
    purged: entry.purged === true,
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
