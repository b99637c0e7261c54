import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Who is behind a proxy. Nothing else is ever believed of `X-Forwarded-*` (decision 0122). */
export interface Forwarding {
  /** Whether this address is a proxy's, so that it says nothing of who connects. */
  isProxy(address: string | undefined): boolean
  /** The address of who asks: what a trusted proxy says it is, else the socket's own. Null on a Unix socket. */
  addressOf(request: IncomingMessage): string | null
}

const NEAR = ['127.0.0.0/8', '::1']

/**
 * @param proxies addresses and networks (`10.0.0.0/8`) of proxies, besides loopback; null when there is none in front
 * @throws TypeError when one of them is neither
 */
export function createForwarding(proxies: readonly string[] | null): Forwarding {
  const list = new BlockList()
  if (proxies !== null) for (const proxy of [...NEAR, ...proxies]) add(list, proxy)

  const isProxy = (address: string | undefined): boolean => {
    if (proxies === null || address === undefined || isIP(address) === 0) return false
    return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }

  return {
    isProxy,
    addressOf(request) {
      const { remoteAddress } = request.socket
      if (remoteAddress === undefined) return null
      const header = request.headers['x-forwarded-for']
      if (!isProxy(remoteAddress) || header === undefined) return remoteAddress
      // Each proxy adds who connected to it at the end: what stands before the first stranger is the stranger's word.
      const hops = (Array.isArray(header) ? header.join(',') : header).split(',').map((hop) => hop.trim())
      const stranger = hops.reverse().find((hop) => !isProxy(hop))
      return stranger !== undefined && isIP(stranger) !== 0 ? stranger : remoteAddress
    },
  }
}

/** Whether this is an address or a network, as `proxies` are given. */
export function isProxyAddress(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const kind = isIP(address)
  if (kind === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 6 ? 128 : 32))
}

function add(list: BlockList, proxy: string): void {
  if (!isProxyAddress(proxy))
    throw new TypeError(`A proxy is an address or a network such as 10.0.0.0/8, not "${proxy}".`)
  const [address = '', bits] = proxy.split('/')
  const kind = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (bits === undefined) list.addAddress(address, kind)
  else list.addSubnet(address, Number(bits), kind)
}
