import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { DEFAULT_SYNC_LIMITS, isName, SYNC_VERSIONS } from '@holdfast/protocol'
import { createAddressPolicy } from './address.ts'
import { createBlobService } from './blobs/service.ts'
import { type BroughtIn, bringIn } from './bring-in.ts'
import { systemClock } from './clock.ts'
import { messageOf, type RelayEvent } from './events.ts'
import { createThreadExaminer } from './examine/worker.ts'
import { Feeds } from './feed.ts'
import { createForwarding } from './forwarding.ts'
import { createFront, serverOptionsFor } from './front.ts'
import { bearerOf, createGate, type Target } from './gate.ts'
import { createHttpHandler } from './http.ts'
import { Metrics } from './metrics.ts'
import { DEFAULT_LIMITS, type Limits, type RelayOptions } from './options.ts'
import { lookAtProcess } from './process-figures.ts'
import { Quota } from './quota.ts'
import {
  BAD_NAME,
  BAD_PATH,
  BAD_TOKEN,
  INTERNAL,
  loggedPath,
  pathOf,
  queryOf,
  type Refusal,
  refuseUpgrade,
  SHUTTING_DOWN,
  TOO_MANY,
  TOO_MANY_FOR_TOKEN,
} from './refusal.ts'
import { Rooms } from './rooms.ts'
import { createSocketServer } from './sockets.ts'
import { createStockEndpoint } from './stock-endpoint.ts'
import { createSyncEndpoint } from './sync/endpoint.ts'
import { Tenures } from './tenure.ts'

/** A relay without a server of its own: mount it on any node http server. */
export interface Relay {
  /**
   * Answers `/feed`, `/access`, `/blobs`, `/admin`, `/healthz`, `/readyz`, `/metrics`, and plain requests for `/yjs`.
   * @returns false when the path is none of them, so that the caller can serve it; the Host has then been found good
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean
  /** Answers an upgrade of `/yjs/<space>/<document>` and of `/sync/<space>`; refuses every other. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void
  /** Counts a socket that has connected: for `on('connection')`. */
  handleConnection(socket: Duplex): void
  /** Answers what is no request: for `on('clientError')`. */
  handleClientError(error: Error, socket: Duplex): void
  /** What `http.createServer` is to be given, so that slow and large requests end. */
  readonly serverOptions: ServerOptions
  /** Mounts all of these on a server. @param otherwise answers other paths; 404 when not given */
  attach(server: Server, otherwise?: (request: IncomingMessage, response: ServerResponse) => void): void
  /**
   * Makes durable what a process that was killed had shown: before anybody is served, or somebody may see less than they saw (W2).
   */
  bringIn(): Promise<BroughtIn>
  /** What `/metrics` answers. */
  metrics(): string
  /** Grows with every update and every message to anybody. */
  traffic(): number
  /** Takes no more peers, closes those there are, and resolves when every write has settled. The log stays open. */
  close(): Promise<void>
}

/** How often peers are looked at for progress, silence and pings, in ms. */
const TICK = 1_000
/** How often the ledger of tokens is looked at: what is revoked elsewhere is cut within a second. */
const LEDGER_LOOK = 250

/**
 * Makes a relay over an update log.
 * @throws TypeError when `publicUrl` or an allowed origin is not a URL
 */
export function createRelay(options: RelayOptions): Relay {
  const { log, access } = options
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits }
  const clock = options.clock ?? systemClock
  const report = options.onEvent ?? ((_event: RelayEvent): void => undefined)
  const metrics = new Metrics()
  const gate = createGate({
    access,
    address: createAddressPolicy(options),
    isPublic: options.publicUrl !== undefined,
    spaces: new Set(['default', ...(options.spaces ?? [])]),
  })
  const randomId = options.randomId ?? randomUUID
  const examiner = options.examiner ?? createThreadExaminer()
  const quota = new Quota({
    log,
    blobs: options.blobs ?? null,
    bytes: limits.spaceQuota,
    clock,
    onFailed: (space, error) => report({ event: 'request-failed', path: `/${space}`, error: messageOf(error) }),
  })
  const { costly = null, ahead = null } = options
  const rooms = new Rooms({ log, clock, limits, metrics, examiner, report, quota, randomId, costly, ahead })
  const feeds = new Feeds(log, clock)
  const tenures = new Tenures(clock, access.ledger)
  const stopWatching = access.ledger?.watch(clock, LEDGER_LOOK, (error) =>
    report({ event: 'request-failed', path: '/admin/tokens', error: messageOf(error) }),
  )
  const makeSocketServer = options.socketServer ?? createSocketServer
  const { fragments, messageRate, ratePatience, unfinishedFor } = limits
  const onHeldBack = (): void => metrics.heldBack('MESSAGE_RATE')
  const socketOptions = { fragments, messageRate, ratePatience, unfinishedFor, clock, onHeldBack }
  const sockets = makeSocketServer({ messageBytes: limits.messageBytes, ...socketOptions })
  const { messageBytes: message, documentsPerConnection: channels } = limits
  const syncLimits = { ...DEFAULT_SYNC_LIMITS, message, channels, ...options.syncLimits }
  // What is larger than a piece comes in pieces, so that nobody without a token can make us take more.
  const syncSockets = makeSocketServer({
    messageBytes: Math.max(syncLimits.piece, DEFAULT_SYNC_LIMITS.piece),
    ...socketOptions,
  })
  let nextPeer = 1
  const stock = createStockEndpoint({ rooms, clock, limits, metrics, tenures, report }, () => nextPeer++)
  const versions = options.versions ?? SYNC_VERSIONS
  const sync = createSyncEndpoint(
    { log, gate, rooms, clock, limits, syncLimits, versions, metrics, report, tenures },
    () => nextPeer++,
  )
  const front = createFront({
    limits,
    forwarding: createForwarding(options.publicUrl === undefined ? null : (options.proxies ?? [])),
    onRefused: (refusal) => refused(refusal, ''),
  })
  // With a clock of a test's own there is no process to be looked at.
  const look = options.clock === undefined ? lookAtProcess() : null
  const renderMetrics = (): string => metrics.render(look?.figures() ?? null, front.entering)
  const stopTiming = log.onCommit(({ took }) => {
    if (took !== undefined) metrics.committed(took)
  })
  let isClosing = false

  let cancelTick = clock.after(TICK, tick)
  function tick(): void {
    stock.tick()
    sync.tick()
    cancelTick = clock.after(TICK, tick)
  }

  function refused({ status, code }: Refusal, path: string): void {
    metrics.refused(code)
    report({ event: 'refused', status, code, path })
  }

  const blobs =
    options.blobs === undefined
      ? null
      : createBlobService({ blobs: options.blobs, log, clock, limits, gate, quota, report })

  const handleRequest = createHttpHandler({
    gate,
    access,
    operations: options.operations ?? {},
    feeds,
    log,
    blobs,
    limits,
    tenures,
    isReady: () => !isClosing,
    writesFailing: () => rooms.writesFailing,
    renderMetrics,
    onRefused: refused,
    onFailed: (path, error) => report({ event: 'request-failed', path, error }),
  })

  function isFull(): boolean {
    return stock.size + sync.size >= limits.connections
  }

  /** Tokens of `/sync` come in its first frame, because browsers can send no header and addresses are logged. */
  function upgradeSync(space: string, request: IncomingMessage, socket: Duplex, head: Uint8Array): Refusal | null {
    if (!isName(space)) return BAD_NAME
    if (isClosing) return SHUTTING_DOWN
    if (isFull()) return TOO_MANY
    const place = front.placeFor(request, socket)
    if ('code' in place) return place
    syncSockets.upgrade(request, socket, head, (wire) => sync.accept(space, wire, place))
    return null
  }

  async function upgradeStock(target: Required<Target>, request: IncomingMessage, socket: Duplex, head: Uint8Array) {
    const place = front.placeFor(request, socket)
    if ('code' in place) return place
    const admission = await gate.admit(target, bearerOf(request) ?? queryOf(request).get('token'))
    if (admission.kind === 'refused') return admission.refusal
    const { grant } = admission
    if (isClosing) return SHUTTING_DOWN
    if (isFull()) return TOO_MANY
    if (tenures.countOf(grant) >= limits.connectionsPerToken) return TOO_MANY_FOR_TOKEN
    if (grant.expires !== null && grant.expires <= clock.now()) return BAD_TOKEN
    place.settled()
    sockets.upgrade(request, socket, head, (wire) => stock.accept(target, grant, wire))
    return null
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): Promise<Refusal | null> {
    const bad = gate.checkAddress(request)
    if (bad !== null) return bad
    const space = syncTarget(request)
    if (space !== null) return upgradeSync(space, request, socket, head)
    const target = stockTarget(request)
    return target === null ? BAD_PATH : upgradeStock(target, request, socket, head)
  }

  function handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    // Node listens no more once a socket is to be upgraded; an error that nobody hears ends the process.
    socket.on('error', () => socket.destroy())
    upgrade(request, socket, head).then(
      (why) => {
        if (why === null) return
        refused(why, loggedPath(request))
        refuseUpgrade(socket, why)
      },
      (error: unknown) => {
        report({ event: 'request-failed', path: loggedPath(request), error: messageOf(error) })
        refuseUpgrade(socket, INTERNAL)
      },
    )
  }

  const relay: Relay = {
    handleRequest(request, response) {
      front.settled(request)
      return handleRequest(request, response)
    },
    handleUpgrade,
    handleConnection: front.handleConnection,
    handleClientError: front.handleClientError,
    serverOptions: serverOptionsFor(limits),
    attach(server, otherwise = (_request, response) => void response.writeHead(404).end()) {
      server.on('connection', front.handleConnection)
      server.on('clientError', front.handleClientError)
      server.on('upgrade', handleUpgrade)
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        if (!relay.handleRequest(request, response)) otherwise(request, response)
      })
    },
    bringIn: async () => (ahead === null ? { updates: 0, documents: 0, stored: 0, kept: 0 } : bringIn(ahead, rooms)),
    metrics: renderMetrics,
    traffic: () => metrics.updates + metrics.sentFrames,
    async close() {
      isClosing = true
      stopWatching?.()
      feeds.close()
      await Promise.all([stock.close(), sync.close()])
      cancelTick()
      tenures.close()
      stopTiming()
      look?.close()
      quota.close()
      await rooms.settled()
      if (options.examiner === undefined) await examiner.close()
      await blobs?.close()
    },
  }
  return relay
}

/** `/yjs/<space>/<document>`; null for another shape. Names are not decoded: their characters never need escaping. */
function stockTarget(request: IncomingMessage): Required<Target> | null {
  const [, root, space, document, ...more] = pathOf(request).split('/')
  if (root !== 'yjs' || space === undefined || document === undefined || more.length > 0) return null
  return { space, document }
}

/** `/sync/<space>`; null for another shape. */
function syncTarget(request: IncomingMessage): string | null {
  const [, root, space, ...more] = pathOf(request).split('/')
  return root === 'sync' && space !== undefined && more.length === 0 ? space : null
}
