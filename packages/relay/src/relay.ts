import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** A relay without a server of its own: mount it on any node http server. */
export interface Relay {
  /**
   * Answers `/feed`, `/access`, `/healthz`, `/readyz`, `/metrics`.
   * @returns false when the path is none of them, so that the caller can serve it; the Host has then been found good
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean
  /** Answers an upgrade of `/yjs/<space>/<document>`; refuses every other. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void
  /** Mounts both on a server, and learns the port it listens on (for the Host check). */
  attach(server: Server): void
  /** What `/metrics` answers. */
  metrics(): string
  /** Stops taking peers, sends what is waiting, closes the sockets, and resolves when every append has settled. */
  close(): Promise<void>
}
