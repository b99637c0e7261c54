import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

export interface AddressPolicy {
  /** Whether the request asks for this relay by a name that is its own: the guard against DNS rebinding. */
  acceptsHost(request: IncomingMessage): boolean
  /** Whether the page behind the request, if any, may use this relay. Asked after `acceptsHost`. */
  acceptsOrigin(request: IncomingMessage): boolean
}

export interface AddressOptions {
  readonly hosts?: readonly string[]
  readonly publicUrl?: string
  readonly allowOrigins?: readonly string[]
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1'])

interface HostAndPort {
  readonly host: string
  readonly port: number | null
}

/**
 * A name is ours when it is a loopback one, one we were given, or the IP address to which the request came (a name can be made to
 * point at us, an address cannot), always with our own port; or the public address, as it stands.
 * @throws TypeError when `publicUrl` or an origin is not a URL
 */
export function createAddressPolicy(options: AddressOptions): AddressPolicy {
  const hosts = new Set((options.hosts ?? []).map((host) => bare(host.toLowerCase())))
  const publicUrl = options.publicUrl === undefined ? null : new URL(options.publicUrl)
  const origins = new Set((options.allowOrigins ?? []).map(originOf))
  if (publicUrl !== null) origins.add(publicUrl.origin)

  function isOurs({ host, port }: HostAndPort, defaultPort: number, request: IncomingMessage): boolean {
    const { localPort, localAddress } = request.socket
    if (!(LOOPBACK.has(host) || hosts.has(host) || (isIP(host) !== 0 && host === unmapped(localAddress)))) return false
    // On a Unix socket or a named pipe there is no port to compare.
    return localPort === undefined || (port ?? defaultPort) === localPort
  }

  return {
    acceptsHost(request) {
      const header = request.headers.host
      if (header === undefined) return false
      if (publicUrl !== null && header.toLowerCase() === publicUrl.host) return true
      const parsed = parseHost(header)
      return parsed !== null && isOurs(parsed, 80, request)
    },
    acceptsOrigin(request) {
      const header = request.headers.origin
      if (header === undefined || origins.has(header)) return true
      if (!URL.canParse(header)) return false
      const { protocol, origin, hostname, port } = new URL(header)
      if (protocol !== 'http:' || origin !== header) return false
      return isOurs({ host: bare(hostname), port: port === '' ? null : Number(port) }, 80, request)
    },
  }
}

/**
 * As browsers write it in the header. URLs of other schemes than the web's (`vscode-webview://id`) have the origin `null`, which any
 * sandboxed page has too: those are compared by scheme and host.
 */
function originOf(text: string): string {
  const { origin, protocol, host } = new URL(text)
  return origin === 'null' ? `${protocol}//${host}` : origin
}

/** `host`, `host:port`, `[v6]` or `[v6]:port`; null when it is none of them. */
function parseHost(header: string): HostAndPort | null {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?$/.exec(header.toLowerCase())
  if (match === null) return null
  return { host: bare(match[1]!), port: match[2] === undefined ? null : Number(match[2]) }
}

function bare(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

/** Node gives IPv4 addresses on a dual-stack socket as `::ffff:127.0.0.1`. */
function unmapped(address: string | undefined): string | undefined {
  return address?.startsWith('::ffff:') ? address.slice(7) : address
}
