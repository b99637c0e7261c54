import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { DEFAULT_SYNC_LIMITS, isName, SYNC_VERSIONS } from '@holdfast/protocol'
import type { DocumentRef } from '@holdfast/update-log'
import type { Grant } from './access.ts'
import { createAddressPolicy } from './address.ts'
import { createBlobService } from './blobs/service.ts'
import { systemClock } from './clock.ts'
import type { RelayEvent } from './events.ts'
import { createThreadExaminer } from './examine/worker.ts'
import { Feeds } from './feed.ts'
import { bearerOf, createGate, type Target } from './gate.ts'
import { createHttpHandler } from './http.ts'
import { Metrics } from './metrics.ts'
import { type Clock, DEFAULT_LIMITS, type Limits, type RelayOptions } from './options.ts'
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
} from './refusal.ts'
import { messageOf } from './room.ts'
import { Rooms } from './rooms.ts'
import { createSocketServer } from './sockets.ts'
import { StockPeer } from './stock-peer.ts'
import { createSyncEndpoint } from './sync/endpoint.ts'

/** A relay without a server of its own: mount it on any node http server. */
export interface Relay {
  /**
   * Answers `/feed`, `/access`, `/blobs`, `/admin`, `/healthz`, `/readyz`, `/metrics`, and plain requests for `/yjs`.
   * @returns false when the path is none of them, so that the caller can serve it; the Host has then been found good
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean
  /** Answers an upgrade of `/yjs/<space>/<document>` and of `/sync/<space>`; refuses every other. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void
  /** Mounts `handleUpgrade` on a server, and `handleRequest` with a 404 for other paths. */
  attach(server: Server): void
  /** What `/metrics` answers. */
  metrics(): string
  /** Takes no more peers, closes those there are, and resolves when every write has settled. The log stays open. */
  close(): Promise<void>
}

/** How often peers are looked at for progress, silence and pings, in ms. */
const TICK = 1_000
const FRAGMENTS = 128

/** A peer, and how to forget when its token ends. */
interface Connection {
  readonly peer: StockPeer
  readonly cancelExpiry: () => void
}

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
    spaces: new Set(['default', ...(options.spaces ?? [])]),
  })
  const randomId = options.randomId ?? randomUUID
  const examiner = options.examiner ?? createThreadExaminer()
  const rooms = new Rooms({ log, clock, limits, metrics, examiner, report, randomId })
  const feeds = new Feeds(log, clock)
  const makeSocketServer = options.socketServer ?? createSocketServer
  const sockets = makeSocketServer({ messageBytes: limits.messageBytes, fragments: FRAGMENTS })
  const syncLimits = { ...DEFAULT_SYNC_LIMITS, ...options.syncLimits }
  // What is larger than a piece comes in pieces, so that nobody without a token can make us take more.
  const syncSockets = makeSocketServer({
    messageBytes: Math.max(syncLimits.piece, DEFAULT_SYNC_LIMITS.piece),
    fragments: FRAGMENTS,
  })
  let nextPeer = 1
  const sync = createSyncEndpoint(
    { log, gate, rooms, clock, limits, syncLimits, versions: options.versions ?? SYNC_VERSIONS, metrics, report },
    () => nextPeer++,
  )
  const connections = new Map<StockPeer, Connection>()
  let isClosing = false
  /** Upgrades between admission and handshake, so that a burst does not pass the limit. */
  let entering = 0

  let cancelTick = clock.after(TICK, tick)
  function tick(): void {
    for (const peer of [...connections.keys()]) peer.tick()
    sync.tick()
    cancelTick = clock.after(TICK, tick)
  }

  function refused({ status, code }: Refusal, path: string): void {
    metrics.refused(code)
    report({ event: 'refused', status, code, path })
  }

  const blobs =
    options.blobs === undefined ? null : createBlobService({ blobs: options.blobs, log, clock, limits, gate, report })

  const handleRequest = createHttpHandler({
    gate,
    access,
    operations: options.operations ?? {},
    feeds,
    log,
    blobs,
    limits,
    isReady: () => !isClosing,
    renderMetrics: () => metrics.render(),
    onRefused: refused,
    onFailed: (path, error) => report({ event: 'request-failed', path, error }),
  })

  function isFull(): boolean {
    return connections.size + sync.size + entering >= limits.connections
  }

  /** Tokens of `/sync` come in its first frame, because browsers can send no header and addresses are logged. */
  function upgradeSync(space: string, request: IncomingMessage, socket: Duplex, head: Uint8Array): Refusal | null {
    if (!isName(space)) return BAD_NAME
    if (isClosing) return SHUTTING_DOWN
    if (isFull()) return TOO_MANY
    syncSockets.upgrade(request, socket, head, (wire) => sync.accept(space, wire))
    return null
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): Promise<Refusal | null> {
    const bad = gate.checkAddress(request)
    if (bad !== null) return bad
    const space = syncTarget(request)
    if (space !== null) return upgradeSync(space, request, socket, head)
    const target = stockTarget(request)
    if (target === null) return BAD_PATH
    const admission = await gate.admit(target, bearerOf(request) ?? queryOf(request).get('token'))
    if (admission.kind === 'refused') return admission.refusal
    if (isClosing) return SHUTTING_DOWN
    if (isFull()) return TOO_MANY
    const { grant } = admission
    if (grant.expires !== null && grant.expires <= clock.now()) return BAD_TOKEN
    entering += 1
    const left = (): void => {
      entering -= 1
    }
    socket.once('close', left)
    sockets.upgrade(request, socket, head, (wire) => {
      socket.off('close', left)
      left()
      const peer = new StockPeer({
        id: nextPeer++,
        mayWrite: grant.role !== 'read',
        wire,
        limits,
        metrics,
        report,
        monotonic: () => clock.monotonic(),
        onGone: forget,
      })
      // The wire is told of nothing before this returns; the room is joined in the same turn, after it.
      queueMicrotask(() => enter(peer, target, grant))
      return peer
    })
    return null
  }

  function enter(peer: StockPeer, target: DocumentRef, grant: Grant): void {
    metrics.peers += 1
    connections.set(peer, { peer, cancelExpiry: cancelWhenExpired(clock, grant, () => peer.tell('expired')) })
    report({ event: 'connected', peer: peer.id, ...target })
    peer.enter((member) => rooms.join(target, member))
    if (isClosing) peer.tell('shutting-down')
  }

  function forget(peer: StockPeer): void {
    const connection = connections.get(peer)
    if (connection === undefined) return
    connection.cancelExpiry()
    connections.delete(peer)
    metrics.peers -= 1
    if (connections.size === 0) onLastGone?.()
  }

  let onLastGone: (() => void) | null = null

  function handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
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

  return {
    handleRequest,
    handleUpgrade,
    attach(server) {
      server.on('upgrade', handleUpgrade)
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        if (!handleRequest(request, response)) response.writeHead(404).end()
      })
    },
    metrics: () => metrics.render(),
    async close() {
      isClosing = true
      feeds.close()
      const gone =
        connections.size === 0
          ? Promise.resolve()
          : new Promise<void>((resolve) => {
              onLastGone = resolve
            })
      for (const peer of [...connections.keys()]) peer.tell('shutting-down')
      await Promise.all([gone, sync.close()])
      cancelTick()
      await rooms.settled()
      if (options.examiner === undefined) await examiner.close()
      await blobs?.close()
    },
  }
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

/** A token's end is kept however far away it is: timers reach 24 days. */
function cancelWhenExpired(clock: Clock, { expires }: Grant, run: () => void): () => void {
  if (expires === null) return () => undefined
  let cancel: () => void = () => undefined
  const wait = (): void => {
    const left = expires - clock.now()
    if (left <= 0) run()
    else cancel = clock.after(Math.min(left, 2 ** 31 - 1), wait)
  }
  wait()
  return () => cancel()
}
