import { DEFAULT_LIMITS, LEAST_CHANNELS, type Limits } from '@holdfast/relay'

/** How a limit is written on the command line: bytes with a unit, a time with a unit, or a plain number. */
type Kind = 'bytes' | 'time' | 'count'

interface LimitFlag {
  readonly limit: keyof Limits
  readonly kind: Kind
  /** 0: no limit, or (as its help says) no time at all. */
  readonly least: number
  readonly help: string
}

function flag(limit: keyof Limits, kind: Kind, help: string, least = 1): LimitFlag {
  return { limit, kind, help, least }
}

/** The names after `--limit`. */
export const LIMIT_FLAGS: Readonly<Record<string, LimitFlag>> = {
  message: flag('messageBytes', 'bytes', 'largest message, on /sync in pieces'),
  fragments: flag('fragments', 'count', 'fragments that one message may come in'),
  'unfinished-for': flag('unfinishedFor', 'time', 'in which a message or an upload that has begun must end or go on'),
  'message-rate': flag('messageRate', 'count', 'messages a second that one connection is read at', 0),
  'rate-patience': flag(
    'ratePatience',
    'time',
    'after which one that sends more all the while is closed; 0: at once',
    0,
  ),
  'early-messages': flag('earlyMessages', 'count', 'messages before the token is found good; one more closes'),
  'early-bytes': flag('earlyBytes', 'bytes', 'the same in bytes'),
  'hello-within': flag('helloWithin', 'time', 'in which a token must have come and been found good'),
  'documents-per-connection': flag(
    'documentsPerConnection',
    'count',
    `documents that one connection may have open, at least ${LEAST_CHANNELS}`,
    LEAST_CHANNELS,
  ),
  connections: flag('connections', 'count', 'connections in all'),
  'connections-per-address': flag('connectionsPerAddress', 'count', 'sockets of one address'),
  'connections-per-token': flag('connectionsPerToken', 'count', 'connections of one token'),
  handshakes: flag('handshakes', 'count', 'sockets that have not asked for anything yet'),
  'handshakes-per-address': flag('handshakesPerAddress', 'count', 'the same of one address'),
  'headers-within': flag('headersWithin', 'time', 'in which the headers of a request must come'),
  'request-within': flag('requestWithin', 'time', 'in which a whole request must come'),
  headers: flag('headerBytes', 'bytes', 'largest headers of a request'),
  document: flag('documentBytes', 'bytes', 'stored bytes of one document', 0),
  'space-quota': flag('spaceQuota', 'bytes', 'stored bytes of one space, files included', 0),
  blob: flag('blobBytes', 'bytes', 'largest file'),
  'blob-grace': flag('blobGrace', 'time', 'a file stays after the last conversation that names it was purged'),
  waiting: flag('waitingBytes', 'bytes', 'bytes that may wait for one slow connection'),
  'stall-after': flag('stallAfter', 'time', 'after which a connection that takes nothing is cut'),
}

const UNITS: Readonly<Record<Kind, Readonly<Record<string, number>>>> = {
  bytes: { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 },
  time: { ms: 1, s: 1_000, min: 60_000 },
  count: { '': 1 },
}
const EXAMPLES: Readonly<Record<Kind, string>> = { bytes: '10GiB', time: '5s', count: '100' }

/** Why a `--limit` was not understood. */
export interface LimitFault {
  readonly fault: string
}

/** Reads what stands after each `--limit`: `NAME=VALUE`. */
export function readLimits(given: readonly string[]): Partial<Limits> | LimitFault {
  const limits: Partial<Record<keyof Limits, number>> = {}
  for (const text of given) {
    const [name = '', value, ...more] = text.split('=')
    const known = Object.hasOwn(LIMIT_FLAGS, name) ? LIMIT_FLAGS[name] : undefined
    if (known === undefined) return { fault: `--limit is one of ${Object.keys(LIMIT_FLAGS).join(', ')}, not "${name}"` }
    const number = value === undefined || more.length > 0 ? null : numberOf(value, known)
    if (number === null) return { fault: `--limit ${name}=${EXAMPLES[known.kind]} is how it is written, not "${text}"` }
    if (number < known.least) return { fault: `--limit ${name} is at least ${known.least}, not "${value}"` }
    limits[known.limit] = number
  }
  return limits
}

function numberOf(text: string, { kind, least }: LimitFlag): number | null {
  const match = /^(\d{1,15})([a-zA-Z]*)$/.exec(text)
  const unit = match === null ? undefined : UNITS[kind][match[2] ?? '']
  if (match === null || (unit === undefined && match[1] !== '0')) return null
  const number = Number(match[1]) * (unit ?? 1)
  if (!Number.isSafeInteger(number) || (number === 0 && least > 0)) return null
  return number
}

/** One line for each, with its default. */
export function limitsHelp(): string {
  return Object.entries(LIMIT_FLAGS)
    .map(([name, { limit, kind, help }]) => `  ${name.padEnd(24)} ${help} (${shown(DEFAULT_LIMITS[limit], kind)})`)
    .join('\n')
}

function shown(value: number, kind: Kind): string {
  if (value === 0) return 'none'
  const [unit = '', size = 1] =
    Object.entries(UNITS[kind]).findLast(([, one]) => value % one === 0 && value >= one) ?? []
  return `${value / size}${unit}`
}
