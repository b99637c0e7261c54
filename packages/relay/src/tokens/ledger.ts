import { copyFile, mkdir, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../options.ts'
import { append, replace } from './durable-file.ts'
import { TokenLedgerError, unwritable } from './ledger-error.ts'
import { decodeEntry, encodeEntry, isTokenId, type TokenEntry, type TokenRecord } from './record.ts'

/** A token as `list` shows it. */
export interface ListedToken extends TokenRecord {
  /** When it was revoked, in milliseconds since 1970; null when it was not. */
  readonly revoked: number | null
}

/** What was found wrong with the ledger's files when they were opened. */
export interface LedgerCondition {
  /** Entries that one of the two files lacked, or had damaged, and the other had. */
  readonly mended: number
  /** Damaged entries that neither file has: a revocation may be lost. */
  readonly lost: number
  /** Where damaged files were copied to before they were written anew, relative to the data folder. */
  readonly setAside: readonly string[]
}

/**
 * Which tokens were made and which were revoked, in two files of a data folder that say the same (`tokens.log`, `tokens.copy.log`). Each
 * is only ever appended to, a checksummed line per entry, so that several processes can write and damage to one costs nothing.
 */
export interface TokenLedger {
  readonly condition: LedgerCondition
  /** Tokens that were made here, oldest first; those of other issuers are not in it, revoked or not. */
  list(): readonly ListedToken[]
  isRevoked(id: string): boolean
  /** @throws TokenLedgerError `EXISTS`, `UNWRITABLE` */
  record(token: TokenRecord): Promise<void>
  /**
   * Revokes a token by its id, one of another issuer too. In this process it counts at once.
   * @returns false when it had been revoked before
   * @throws TokenLedgerError `BAD_ID`; `UNWRITABLE`: it could not be made durable, and counts until the process ends
   */
  revoke(id: string): Promise<boolean>
  /** Reads what other processes have appended. */
  refresh(): Promise<void>
  /** Refreshes this often, in milliseconds, until the returned function is called. */
  watch(clock: Clock, every: number, onFailed: (error: unknown) => void): () => void
  /** Told of ids as they are revoked, by whomever. */
  onRevoked(listener: (ids: ReadonlySet<string>) => void): () => void
}

export interface LedgerOptions {
  /** The data folder. */
  readonly directory: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Whether damaged or lagging files are made whole: only for who has the folder for himself. */
  readonly mend: boolean
}

export const TOKEN_FILES = ['tokens.log', 'tokens.copy.log'] as const

/** How long a token stays listed after its end, in ms, and from how many such on they are left out. */
const KEPT_FOR = 30 * 24 * 60 * 60 * 1000
const MANY = 200

/** One of the two files, as far as it has been read. */
interface Copy {
  readonly path: string
  /** Bytes of whole lines that were read. */
  read: number
  inode: number
  /** Lines as they stand there that are whole. */
  readonly lines: Set<string>
  damaged: number
  /** Lines that were never written to their end. */
  torn: number
}

/** @throws TokenLedgerError `UNREADABLE`, `UNWRITABLE` (while mending) */
export async function openTokenLedger({ directory, now, mend }: LedgerOptions): Promise<TokenLedger> {
  const copies: Copy[] = TOKEN_FILES.map((file) => blankCopy(join(directory, file)))
  const tokens = new Map<string, TokenRecord>()
  const revoked = new Map<string, number>()
  const listeners = new Set<(ids: ReadonlySet<string>) => void>()
  let writing: Promise<void> = Promise.resolve()

  function take(entries: readonly TokenEntry[]): void {
    const news = new Set<string>()
    for (const entry of entries) {
      if (entry.event === 'created') {
        const { event: _, ...record } = entry
        if (!tokens.has(record.id)) tokens.set(record.id, record)
      } else if (!revoked.has(entry.id)) {
        revoked.set(entry.id, entry.at)
        news.add(entry.id)
      }
    }
    if (news.size > 0) for (const listener of [...listeners]) listener(news)
  }

  async function readAll(): Promise<void> {
    for (const copy of copies) take(await readOn(copy))
  }

  /** One at a time, so that neither a line nor a place in a file is read twice. */
  function inTurn(run: () => Promise<void>): Promise<void> {
    const done = writing.then(run)
    writing = done.catch(() => undefined)
    return done
  }

  function write(entry: TokenEntry): Promise<void> {
    const line = encodeEntry(entry)
    return inTurn(async () => {
      for (const { path } of copies) await append(path, line)
      await readAll()
    })
  }

  await readAll()
  const over = mend ? staleOf(tokens, now()) : new Set<string>()
  const condition = mend ? await makeWhole(directory, copies, now(), over) : conditionOf(copies, [])
  for (const id of over) for (const map of [tokens, revoked]) map.delete(id)

  return {
    condition,
    list: () =>
      [...tokens.values()]
        .sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1))
        .map((token) => ({ ...token, revoked: revoked.get(token.id) ?? null })),
    isRevoked: (id) => revoked.has(id),
    async record(token) {
      if (tokens.has(token.id)) throw new TokenLedgerError('EXISTS', `There is a token with the id ${token.id}.`)
      await write({ event: 'created', ...token })
    },
    async revoke(id) {
      if (!isTokenId(id)) {
        throw new TokenLedgerError('BAD_ID', 'A token id is 1 to 128 printable characters; see "holdfast token list".')
      }
      if (revoked.has(id)) return false
      const entry: TokenEntry = { event: 'revoked', id, at: now() }
      take([entry])
      await write(entry)
      return true
    },
    refresh: () => inTurn(readAll),
    watch(clock, every, onFailed) {
      let isOver = false
      let cancel: () => void = () => undefined
      const next = (): void => {
        if (!isOver) cancel = clock.after(every, look)
      }
      const look = (): void => void inTurn(readAll).catch(onFailed).then(next)
      next()
      return () => {
        isOver = true
        cancel()
      }
    },
    onRevoked(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function blankCopy(path: string): Copy {
  return { path, read: 0, inode: 0, lines: new Set(), damaged: 0, torn: 0 }
}

/** Reads whole lines that came since the last time; all of them when the file is another, or has become shorter. */
async function readOn(copy: Copy): Promise<TokenEntry[]> {
  try {
    const { size, ino } = await stat(copy.path)
    if (ino !== copy.inode || size < copy.read) {
      copy.lines.clear()
      Object.assign(copy, { read: 0, inode: ino, damaged: 0, torn: 0 })
    }
    if (size === copy.read) return []
    const file = await open(copy.path, 'r')
    try {
      const bytes = Buffer.alloc(size - copy.read)
      const { bytesRead } = await file.read(bytes, 0, bytes.length, copy.read)
      // What has no line feed yet is still being written, or never will be: nobody was told that it is kept.
      const whole = bytes.subarray(0, bytes.subarray(0, bytesRead).lastIndexOf(0x0a) + 1)
      copy.read += whole.length
      copy.torn = whole.length < bytesRead ? 1 : 0
      return linesOf(copy, whole.toString('utf8'))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new TokenLedgerError('UNREADABLE', `${copy.path} cannot be read; see to its owner and rights.`, {
      cause: error,
    })
  }
}

function linesOf(copy: Copy, text: string): TokenEntry[] {
  const entries: TokenEntry[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const entry = decodeEntry(line)
    if (entry === null) {
      // Entries hold no objects, so what was cut off before its end does not end in a brace.
      if (line.endsWith('}')) copy.damaged += 1
      else copy.torn += 1
    } else {
      copy.lines.add(line)
      entries.push(entry)
    }
  }
  return entries
}

function unionOf(copies: readonly Copy[]): Set<string> {
  return new Set(copies.flatMap(({ lines }) => [...lines]))
}

function conditionOf(copies: readonly Copy[], setAside: readonly string[]): LedgerCondition {
  const all = unionOf(copies).size
  const lacking = copies.map(({ lines }) => all - lines.size)
  // A damaged line is one that the other file has, as far as that file has more than this one.
  const lost = Math.min(...copies.map(({ damaged }, i) => Math.max(0, damaged - lacking[i]!)))
  return { mended: lacking.reduce((sum, lines) => sum + lines, 0), lost, setAside }
}

/** Tokens that ended long ago, once they are many: each start of a relay makes one. */
function staleOf(tokens: ReadonlyMap<string, TokenRecord>, now: number): Set<string> {
  const stale = [...tokens.values()].filter(({ expires }) => expires < now - KEPT_FOR).map(({ id }) => id)
  return new Set(stale.length >= MANY ? stale : [])
}

/** Writes each file anew that lacks something or has damage in it, the damaged as they are kept aside. */
async function makeWhole(
  directory: string,
  copies: readonly Copy[],
  now: number,
  over: ReadonlySet<string>,
): Promise<LedgerCondition> {
  const all = new Set([...unionOf(copies)].filter((line) => !over.has(decodeEntry(line)?.id ?? '')))
  const setAside: string[] = []
  const condition = conditionOf(copies, setAside)
  for (const copy of copies) {
    if (copy.damaged === 0 && copy.torn === 0 && copy.lines.size === all.size) continue
    try {
      if (copy.damaged > 0) {
        const name = `${now}-${copy === copies[0] ? TOKEN_FILES[0] : TOKEN_FILES[1]}`
        await mkdir(join(directory, 'quarantine'), { recursive: true, mode: 0o700 })
        await copyFile(copy.path, join(directory, 'quarantine', name))
        setAside.push(join('quarantine', name))
      }
      await replace(copy.path, [...all].map((line) => `${line}\n`).join(''))
    } catch (error) {
      throw unwritable(copy.path, error)
    }
    await readOn(copy)
  }
  return condition
}
