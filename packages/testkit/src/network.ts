import { fakeWebSocket } from './client-socket.ts'
import { type Exchange, type FetchOptions, fakeFetch } from './fetch.ts'
import { type Link, openLink, type ServerListener, type ServerWire } from './link.ts'
import type { Random } from './random.ts'
import type { Process, Schedule } from './schedule.ts'

/** An upgrade that has reached a server, which accepts it or not. */
export interface UpgradeRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  accept(attach: (wire: ServerWire) => ServerListener): void
  refuse(): void
}

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Nobody waits for the answer any more. */
  onGone(run: () => void): void
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** What listens under a host's name, for as long as its process lives. */
export interface Server {
  readonly process: Process
  upgrade(request: UpgradeRequest): void
  request(request: HttpRequest, answer: (answer: HttpAnswer) => void): void
}

/** A machine on the network, or a part of one: what its programs see of it. */
export interface Host {
  readonly WebSocket: typeof WebSocket
  readonly fetch: typeof fetch
  /** Connections that are open or opening. */
  readonly links: ReadonlySet<Link>
  /** The next requests (not connections: TCP does not) arrive twice, as those that a proxy tries again do. */
  duplicate(requests: number): void
  /** Breaks every connection. What was under way is lost from some point on. */
  cut(random: Random, how?: { readonly serverIsTold?: boolean; readonly clientIsTold?: boolean }): void
}

export interface Network {
  /** Answers under this name (`host:port`) until its process dies; the newest server of a name counts. */
  listen(name: string, server: Server): void
  /** @param isOnline whether anything leaves and reaches this machine; what is open when it goes offline is to be cut */
  host(process: Process, isOnline: () => boolean): Host
  readonly tally: Readonly<NetworkTally>
}

/** What became of what was sent. */
export interface NetworkTally {
  /** Connections that were asked for, and of these how many were broken by the network or a death. */
  connections: number
  broken: number
  /** Messages that were under way on a connection that broke, and never arrived. */
  dropped: number
  requests: number
  /** Requests that arrived twice. */
  duplicated: number
}

/**
 * A network in memory that a schedule drives: each direction of each connection is a lane of its own, so messages of one
 * direction keep their order and nothing else does. What was cut is lost from some message on, as in TCP, and never in between.
 */
export function createNetwork(schedule: Schedule): Network {
  const servers = new Map<string, Server>()
  const tally: NetworkTally = { connections: 0, broken: 0, dropped: 0, requests: 0, duplicated: 0 }

  const find = (name: string): Server | null => {
    const server = servers.get(name)
    return server?.process.isAlive ? server : null
  }

  return {
    listen: (name, server) => {
      servers.set(name, server)
    },
    host: (process, isOnline) => {
      const links = new Set<Link>()
      const exchanges = new Set<Exchange>()
      let twice = 0
      const isTwice = (): boolean => {
        tally.requests++
        if (twice === 0) return false
        twice--
        tally.duplicated++
        return true
      }
      const options: FetchOptions = { schedule, process, isOnline, find, exchanges, isTwice }
      const host: Host = {
        WebSocket: fakeWebSocket(process, (client, url) => {
          const link = openLink({
            schedule,
            process,
            client,
            url,
            tally,
            server: () => (isOnline() ? find(url.host) : null),
          })
          tally.connections++
          links.add(link)
          link.onOver(() => links.delete(link))
          return link
        }),
        fetch: fakeFetch(options),
        links,
        duplicate: (requests) => {
          twice = requests
        },
        cut: (random, how) => {
          for (const link of [...links]) link.cut(random, how)
          for (const exchange of [...exchanges]) exchange.cut()
        },
      }
      process.onDeath(() => {
        for (const link of [...links]) link.abandon()
        for (const exchange of [...exchanges]) exchange.cut()
      })
      return host
    },
    tally,
  }
}
