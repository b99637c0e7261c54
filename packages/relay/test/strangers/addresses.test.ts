import type { IncomingMessage } from 'node:http'
import { createMemoryBlobs } from '@holdfast/update-log/blobs'
import { afterEach, describe, expect, it } from 'vitest'
import { addressGroup } from '../../src/crowd.ts'
import { createForwarding } from '../../src/forwarding.ts'
import { isProxyAddress } from '../../src/index.ts'
import { ADMIN, get, type RunningRelay, rawClient, startRelay, stockClient, until, upgradeStatus } from '../helpers.ts'
import { startProxy } from './proxy.ts'

let running: RunningRelay | null = null
let stopProxy: (() => Promise<unknown>) | null = null
afterEach(async () => {
  await stopProxy?.()
  stopProxy = null
  await running?.stop()
  running = null
})

const FOREIGN_HOST = {
  code: 'FOREIGN_HOST',
  message: 'The relay is not known under this host name. See --host and --public-url.',
}
const FOREIGN_ORIGIN = {
  code: 'FOREIGN_ORIGIN',
  message: 'Pages of this origin may not use the relay. See --allow-origin.',
}

describe('pages elsewhere', () => {
  const PATHS = [
    '/yjs/default/chat',
    '/sync/default',
    '/feed/default',
    '/access/default',
    '/blobs/default',
    '/admin/tokens',
    '/metrics',
    '/readyz',
    '/healthz',
  ]

  it.each<[string, (port: number) => Record<string, string>, object]>([
    ['DNS rebinding: a name of theirs that points here', (port) => ({ host: `evil.example:${port}` }), FOREIGN_HOST],
    ['a name that begins like ours', (port) => ({ host: `localhost.evil.example:${port}` }), FOREIGN_HOST],
    ['a name that ends like ours', (port) => ({ host: `evil-localhost:${port}` }), FOREIGN_HOST],
    ['another address of loopback', (port) => ({ host: `127.0.0.2:${port}` }), FOREIGN_HOST],
    ['our name with a dot', (port) => ({ host: `localhost.:${port}` }), FOREIGN_HOST],
    ['an address as a number', (port) => ({ host: `2130706433:${port}` }), FOREIGN_HOST],
    ['our name and somebody before it', (port) => ({ host: `evil@localhost:${port}` }), FOREIGN_HOST],
    ['two names', (port) => ({ host: `localhost:${port}, evil.example` }), FOREIGN_HOST],
    [
      'what a proxy would say',
      (port) => ({ host: 'evil.example', 'x-forwarded-host': `localhost:${port}` }),
      FOREIGN_HOST,
    ],
    ['a page of another site', () => ({ origin: 'https://evil.example' }), FOREIGN_ORIGIN],
    ['a page of another port', () => ({ origin: 'http://localhost:1' }), FOREIGN_ORIGIN],
    ['a page over TLS that we do not speak', (port) => ({ origin: `https://localhost:${port}` }), FOREIGN_ORIGIN],
    ['a sandboxed page', () => ({ origin: 'null' }), FOREIGN_ORIGIN],
    ['a page of a file', () => ({ origin: 'file://' }), FOREIGN_ORIGIN],
    ['an origin that is none', () => ({ origin: 'localhost' }), FOREIGN_ORIGIN],
    ['an empty origin', () => ({ origin: '' }), FOREIGN_ORIGIN],
    ['an extension', () => ({ origin: 'chrome-extension://abcdefghijklmnop' }), FOREIGN_ORIGIN],
  ])('O1 %s is refused before anything else, with a good token too', async (_name, headersFor, error) => {
    running = await startRelay({ blobs: createMemoryBlobs({ now: Date.now }) })
    const { port, events } = running
    const headers = { ...headersFor(port), authorization: `Bearer ${ADMIN}` }
    for (const path of PATHS) {
      const answer = await get(port, path, headers)
      expect([path, answer.status, answer.body]).toEqual([path, 403, { error }])
      expect(answer.headers['access-control-allow-origin']).toBe(undefined)
    }
    for (const path of [`/yjs/default/chat?token=${ADMIN}`, '/sync/default']) {
      expect(await upgradeStatus(port, path, headers)).toEqual({ status: 403, body: { error } })
    }
    expect(events.filter(({ event }) => event !== 'refused')).toEqual([])
    expect(await running.log.documents('default')).toEqual([])
  })
})

describe('a proxy in front', () => {
  it('O2 a stock client and a page of the public address come through it; a page of any other does not', async () => {
    const proxy = await startProxy(() => running!.port)
    stopProxy = proxy.stop
    running = await startRelay({
      publicUrl: `http://127.0.0.1:${proxy.port}`,
      allowOrigins: ['https://app.example.org'],
    })
    const { doc, text, provider, synced } = stockClient(proxy.port, 'chat', ADMIN)
    await synced
    const other = stockClient(running.port, 'chat', ADMIN)
    await other.synced
    text.insert(0, 'through the proxy')
    await until(other.doc, () => other.text.toString() === 'through the proxy')
    const origin = (value: string) => ({ origin: value, authorization: `Bearer ${ADMIN}` })
    const own = `http://127.0.0.1:${proxy.port}`
    expect((await get(proxy.port, '/access/default', origin(own))).headers['access-control-allow-origin']).toBe(own)
    expect((await get(proxy.port, '/access/default', origin('https://app.example.org'))).status).toBe(200)
    expect((await get(proxy.port, '/access/default', origin('https://evil.example'))).body).toEqual({
      error: FOREIGN_ORIGIN,
    })
    expect((await get(proxy.port, '/access/default', { host: 'evil.example' })).body).toEqual({ error: FOREIGN_HOST })
    expect((await get(proxy.port, '/metrics')).status).toBe(401)
    for (const one of [provider, other.provider]) one.destroy()
    doc.destroy()
    other.doc.destroy()
  })

  it('O3 those behind it are counted each for himself, and what they say of themselves is not believed', async () => {
    const proxy = await startProxy(
      () => running!.port,
      ({ headers }) => String(headers['x-test-address']),
    )
    stopProxy = proxy.stop
    running = await startRelay({ publicUrl: `http://127.0.0.1:${proxy.port}`, limits: { connectionsPerAddress: 1 } })
    const path = `/yjs/default/chat?token=${ADMIN}`
    const first = rawClient(`ws://127.0.0.1:${proxy.port}${path}`, { headers: { 'x-test-address': '203.0.113.1' } })
    await first.opened
    const from = (address: string, more: Record<string, string> = {}) =>
      upgradeStatus(proxy.port, path, { 'x-test-address': address, ...more })
    expect(await from('203.0.113.1')).toMatchObject({ status: 503, body: { error: { code: 'TOO_MANY_FROM_ADDRESS' } } })
    const forged = await from('203.0.113.1', { 'x-forwarded-for': '198.51.100.9' })
    expect(forged).toMatchObject({ status: 503 })
    expect((await from('203.0.113.2')).status).toBe(101)
    first.socket.terminate()
  })

  it.each<[string, readonly string[] | null, string, string | undefined, string | null]>([
    ['nobody in front', null, '127.0.0.1', '203.0.113.9', '127.0.0.1'],
    ['a proxy on this machine', [], '127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['the same by IPv6', [], '::1', '2001:db8::1', '2001:db8::1'],
    ['what was said before the proxy added', [], '127.0.0.1', '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['two proxies', ['10.0.0.0/8'], '127.0.0.1', '203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['a stranger who says he is a proxy', [], '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['a proxy that says nothing', [], '127.0.0.1', undefined, '127.0.0.1'],
    ['a proxy that says nonsense', [], '127.0.0.1', 'unknown', '127.0.0.1'],
    ['a Unix socket', [], '', '203.0.113.9', null],
  ])('O3 %s', (_name, proxies, remoteAddress, header, expected) => {
    const request = {
      socket: { remoteAddress: remoteAddress === '' ? undefined : remoteAddress },
      headers: header === undefined ? {} : { 'x-forwarded-for': header },
    } as unknown as IncomingMessage
    expect(createForwarding(proxies).addressOf(request)).toBe(expected)
  })

  it('O3 is given as an address or a network', () => {
    for (const good of ['10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32', '0.0.0.0/0'])
      expect(isProxyAddress(good)).toBe(true)
    for (const bad of ['', 'proxy', '10.0.0', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1']) {
      expect(isProxyAddress(bad), bad).toBe(false)
    }
    expect(() => createForwarding(['proxy'])).toThrow(/A proxy is an address or a network/)
  })

  it.each([
    ['203.0.113.1', '203.0.113.1'],
    ['::ffff:203.0.113.1', '203.0.113.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
  ])('O4 %s counts as %s', (address, group) => {
    expect(addressGroup(address)).toBe(group)
  })
})
