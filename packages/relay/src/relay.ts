import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { DocumentRef } from '@holdfast/update-log'
import type { Grant } from './access.ts'
import { createAddressPolicy } from './address.ts'
import { systemClock } from './clock.ts'
import type { RelayEvent } from './events.ts'
import { Feeds } from './feed.ts'
import { bearerOf, createGate, type Target } from './gate.ts'
import { createHttpHandler } from './http.ts'
import { Metrics } from './metrics.ts'
import { type Clock, DEFAULT_LIMITS, type Limits, type RelayOptions } from './options.ts'
import {
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

/** A relay without a server of its own: mount it on any node http server. */
export interface Relay {
  /**
   * Answers `/feed`, `/access`, `/healthz`, `/readyz`, `/metrics`, and plain requests for `/yjs`.
   * @returns false when the path is none of them, so that the caller can serve it; the Host has then been found good
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean
  /** Answers an upgrade of `/yjs/<space>/<document>`; refuses every other. */
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
  const rooms = new Rooms({ log, clock, limits, metrics, report, randomId })
  const feeds = new Feeds(log, clock)
  const sockets = createSocketServer({ messageBytes: limits.messageBytes, fragments: FRAGMENTS })
  const connections = new Map<StockPeer, Connection>()
  let nextPeer = 1
  let isClosing = false
  /** Upgrades between admission and handshake, so that a burst does not pass the limit. */
  let entering = 0

  let cancelTick = clock.after(TICK, tick)
  function tick(): void {
    for (const peer of [...connections.keys()]) peer.tick()
    cancelTick = clock.after(TICK, tick)
  }

  function refused({ status, code }: Refusal, path: string): void {
    metrics.refused(code)
    report({ event: 'refused', status, code, path })
  }

  const handleRequest = createHttpHandler({
    gate,
    feeds,
    log,
    limits,
    isReady: () => !isClosing,
    renderMetrics: () => metrics.render(),
    onRefused: refused,
    onFailed: (path, error) => report({ event: 'request-failed', path, error }),
  })

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): Promise<Refusal | null> {
    const bad = gate.checkAddress(request)
    if (bad !== null) return bad
    const target = stockTarget(request)
    if (target === null) return BAD_PATH
    const admission = await gate.admit(target, bearerOf(request) ?? queryOf(request).get('token'))
    if (admission.kind === 'refused') return admission.refusal
    if (isClosing) return SHUTTING_DOWN
    if (connections.size + entering >= limits.connections) return TOO_MANY
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
      await gone
      cancelTick()
      await rooms.settled()
    },
  }
}

/** `/yjs/<space>/<document>`; null for another shape. Names are not decoded: their characters never need escaping. */
function stockTarget(request: IncomingMessage): Required<Target> | null {
  const [, root, space, document, ...more] = pathOf(request).split('/')
  if (root !== 'yjs' || space === undefined || document === undefined || more.length > 0) return null
  return { space, document }
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
