import type { SyncLimits, VersionRange } from '@holdfast/protocol'
import type { Ahead, BlobStore, UpdateLog } from '@holdfast/update-log'
import type { Access } from './access.ts'
import type { AdminOperation } from './admin.ts'
import type { CostlyNotes } from './costly.ts'
import type { RelayEvent } from './events.ts'
import type { Examiner } from './examine/port.ts'
import type { SocketServer, SocketServerOptions } from './sockets.ts'

/** Sizes in bytes, times in milliseconds. */
export interface Limits {
  /** Largest single message a peer may send; on `/sync` in pieces, and all that are under way together. */
  readonly messageBytes: number
  /** Largest awareness state that is passed on; larger ones are ignored. */
  readonly awarenessBytes: number
  /** W7: a peer that takes nothing of what is waiting for it for this long is cut. */
  readonly stallAfter: number
  /** More than this waiting for one peer, and it gets nothing new until it has drained; it is then told by a step 2. */
  readonly waitingBytes: number
  /** A ping goes out this often; a peer that has answered none for twice as long is cut. */
  readonly pingEvery: number
  /** A stock client reconnects after 30 s without a message, so one goes out after this long without. */
  readonly silenceAfter: number
  /** How long a room without peers stays loaded. */
  readonly idleAfter: number
  /** How long a merged state is kept to serve the next joiner. */
  readonly stateKeptFor: number
  /** Fragments that one message may come in. */
  readonly fragments: number
  /** A message or an upload that has begun must end, or go on by 16 KiB, in this time. */
  readonly unfinishedFor: number
  /** Messages a second that one connection is read at; it is read more slowly first. 0: no limit. */
  readonly messageRate: number
  /** A connection that has sent more than it is read at for so long, with no quiet second between, is closed. 0: at once. */
  readonly ratePatience: number
  /** Messages that are taken of a connection of `/sync` before its token is found good, the hello included; with more it is closed. */
  readonly earlyMessages: number
  /** Bytes of all those messages. */
  readonly earlyBytes: number
  /** In which its hello must have come and the token in it been judged. */
  readonly helloWithin: number
  /** Documents that one connection of `/sync` may have open. */
  readonly documentsPerConnection: number
  /** Connections that were let in, in all. */
  readonly connections: number
  /** Sockets of one address (of IPv6: of one /64), let in or not. */
  readonly connectionsPerAddress: number
  /** Connections and waiting requests of one token. */
  readonly connectionsPerToken: number
  /** Sockets that have neither finished a request nor shown a token, in all and of one address. */
  readonly handshakes: number
  readonly handshakesPerAddress: number
  /** In which the headers of a request must have come. */
  readonly headersWithin: number
  /** In which a whole request must have come. */
  readonly requestWithin: number
  /** Largest headers of a request. */
  readonly headerBytes: number
  /** Stored bytes of one document beyond which it takes no more edits. 0: no limit. */
  readonly documentBytes: number
  /** Stored bytes of one space, blobs included, beyond which it takes no more edits and blobs. 0: no limit. */
  readonly spaceQuota: number
  /** Longest `wait` of a feed request. */
  readonly feedWait: number
  /** Largest blob. */
  readonly blobBytes: number
  /** How long a blob stays after the last document that referred to it was purged: a device that is away may be about to refer to it. */
  readonly blobGrace: number
  /** How often it is looked for such blobs; at the start too. */
  readonly blobSweepEvery: number
}

export const DEFAULT_LIMITS: Limits = {
  messageBytes: 64 * 1024 * 1024,
  awarenessBytes: 64 * 1024,
  stallAfter: 10_000,
  waitingBytes: 1024 * 1024,
  pingEvery: 30_000,
  silenceAfter: 20_000,
  idleAfter: 10_000,
  stateKeptFor: 2_000,
  fragments: 128,
  unfinishedFor: 30_000,
  messageRate: 20_000,
  ratePatience: 10_000,
  earlyMessages: 16,
  earlyBytes: 64 * 1024,
  helloWithin: 5_000,
  documentsPerConnection: 1024,
  connections: 10_000,
  connectionsPerAddress: 5_000,
  connectionsPerToken: 5_000,
  handshakes: 8_000,
  handshakesPerAddress: 2_000,
  headersWithin: 5_000,
  requestWithin: 10 * 60_000,
  headerBytes: 16 * 1024,
  documentBytes: 64 * 1024 * 1024,
  spaceQuota: 0,
  feedWait: 30_000,
  blobBytes: 32 * 1024 * 1024,
  blobGrace: 24 * 60 * 60 * 1000,
  blobSweepEvery: 60 * 60 * 1000,
}

/** Time from outside, so that tests decide when it passes. */
export interface Clock {
  /** Milliseconds since 1970, for expiries. */
  now(): number
  /** Milliseconds from any origin, never going back, for durations. */
  monotonic(): number
  /** Calls `run` once after `delay` ms unless the returned function is called first. */
  after(delay: number, run: () => void): () => void
}

export interface RelayOptions {
  readonly log: UpdateLog
  /** Without one there is nothing at `/blobs`. */
  readonly blobs?: BlobStore
  /** See `createAccess`. */
  readonly access: Access
  /** The spaces that exist besides `default`. Others are 404. */
  readonly spaces?: readonly string[]
  /** Host names besides the loopback ones under which this relay is asked for, e.g. `['192.168.1.5']` when bound to it. */
  readonly hosts?: readonly string[]
  /** `--public-url`: its host and origin are accepted too (a proxy in front). */
  readonly publicUrl?: string
  /** Addresses and networks of proxies in front, besides loopback: whose `X-Forwarded-For` is believed. Only with `publicUrl`. */
  readonly proxies?: readonly string[]
  /** `--allow-origin`: origins of other applications, e.g. `['https://chat.example.org']`. */
  readonly allowOrigins?: readonly string[]
  /** What `/admin/<name>` answers besides `/admin/tokens`, to admins of all spaces. */
  readonly operations?: Readonly<Record<string, AdminOperation>>
  /** Remembers over restarts which documents cost too much to take edits, see `openCostlyNotes`. */
  readonly costly?: CostlyNotes
  /** Lets stock clients hear of updates before they are durable (W2); without it they do when they are. The caller closes it, after the relay. */
  readonly ahead?: Ahead
  readonly limits?: Partial<Limits>
  /** Of `/sync`; what its welcome tells. Largest message and open documents are those of `limits` unless given here. */
  readonly syncLimits?: Partial<SyncLimits>
  /** Versions of `/sync` that it speaks; all that this program knows unless said. For tests of old against new. */
  readonly versions?: VersionRange
  readonly clock?: Clock
  /** Reads what is large; a thread of its own unless given. One that is given is the caller's to close. */
  readonly examiner?: Examiner
  /** Draws epochs and session names: 1 to 128 of `A-Z a-z 0-9 . _ ~ -`. */
  readonly randomId?: () => string
  /** Takes upgrades in the place of `ws`: a network of a test's own. */
  readonly socketServer?: (options: SocketServerOptions) => SocketServer
  /** Told everything worth a line in a log. Never a token. */
  readonly onEvent?: (event: RelayEvent) => void
}
