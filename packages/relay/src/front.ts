import type { IncomingMessage, ServerOptions } from 'node:http'
import type { Duplex } from 'node:stream'
import { Crowd, type Place } from './crowd.ts'
import type { Forwarding } from './forwarding.ts'
import type { Limits } from './options.ts'
import { BAD_REQUEST, HEADERS_TOO_LARGE, type Refusal, refuseUpgrade, TOO_SLOW } from './refusal.ts'

/** What is done with sockets before anybody knows what they want. */
export interface Front {
  /** For `on('connection')`. */
  handleConnection(socket: Duplex): void
  /** For `on('clientError')`: what is no HTTP, has too large headers, or does not come. */
  handleClientError(error: Error, socket: Duplex): void
  /** A request has come whole. */
  settled(request: IncomingMessage): void
  /** The place of a socket that wants to be upgraded; where a proxy is in front, of who is behind it. */
  placeFor(request: IncomingMessage, socket: Duplex): Place | Refusal
  /** Sockets that have not settled. */
  readonly entering: number
}

export interface FrontOptions {
  readonly limits: Limits
  readonly forwarding: Forwarding
  readonly onRefused: (refusal: Refusal) => void
}

const BY_ERROR: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: HEADERS_TOO_LARGE,
  ERR_HTTP_REQUEST_TIMEOUT: TOO_SLOW,
}

/** What `http.createServer` is to be given, so that slow and large requests end. */
export function serverOptionsFor(limits: Limits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersWithin,
    requestTimeout: limits.requestWithin,
    connectionsCheckingInterval: Math.min(1_000, limits.headersWithin),
  }
}

export function createFront({ limits, forwarding, onRefused }: FrontOptions): Front {
  const crowd = new Crowd(limits)
  const places = new WeakMap<object, Place>()

  function enter(socket: Duplex, address: string | null): Place | Refusal {
    const place = crowd.arrive(address)
    if ('leave' in place) socket.once('close', place.leave)
    return place
  }

  return {
    get entering() {
      return crowd.entering
    },
    handleConnection(socket) {
      const address = 'remoteAddress' in socket ? (socket.remoteAddress as string | undefined) : undefined
      const place = enter(socket, forwarding.isProxy(address) ? null : (address ?? null))
      if ('leave' in place) places.set(socket, place)
      else {
        onRefused(place)
        refuseUpgrade(socket, place)
      }
    },
    handleClientError(error, socket) {
      const code = 'code' in error ? String(error.code) : ''
      // Whoever has gone is owed nothing.
      if (code === 'ECONNRESET' || !socket.writable) {
        socket.destroy()
        return
      }
      const refusal = BY_ERROR[code] ?? BAD_REQUEST
      onRefused(refusal)
      refuseUpgrade(socket, refusal)
    },
    settled(request) {
      places.get(request.socket)?.settled()
    },
    placeFor(request, socket) {
      const known = places.get(socket)
      if (known !== undefined && !forwarding.isProxy(request.socket.remoteAddress)) return known
      known?.settled()
      return enter(socket, forwarding.addressOf(request))
    },
  }
}
