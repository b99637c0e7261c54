import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CLOSE } from '@holdfast/protocol'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAccess, createIssuer, IssuerUnreachableError } from '../../src/index.ts'
import { get, KEY, type RunningRelay, startRelay, upgradeStatus } from '../helpers.ts'
import { SyncSocket } from '../strangers/sync-socket.ts'

/** Somebody else who signs tokens, and shows public keys over HTTP. */
class Provider {
  readonly keys: JWK[] = []
  readonly server: Server
  requests = 0
  /** What is answered in the place of the keys. */
  broken: ((status: (code: number, body: string) => void) => void) | null = null

  constructor() {
    this.server = createServer((_request, response) => {
      this.requests += 1
      if (this.broken === null) response.end(JSON.stringify({ keys: this.keys }))
      else this.broken((code, body) => response.writeHead(code).end(body))
    })
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get jwks(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/keys`
  }

  async addKey(kid: string, alg = 'ES256'): Promise<CryptoKey> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    this.keys.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' })
    return privateKey
  }

  close(): Promise<unknown> {
    this.server.closeAllConnections()
    return new Promise((resolve) => this.server.close(resolve))
  }
}

const ISSUER = 'https://id.example.org'
const AUDIENCE = 'chat'
const CLAIM = { spaces: ['default'], role: 'write' }

let provider: Provider
let key: CryptoKey
let running: RunningRelay | null = null
/** Milliseconds that have passed for the issuer's keys. */
let passed = 0
beforeEach(async () => {
  provider = await new Provider().listen()
  key = await provider.addKey('one')
  passed = 0
})
afterEach(async () => {
  await running?.stop()
  running = null
  await provider.close()
})

function accessOf(more: { claim?: string } = {}) {
  const issuer = createIssuer({ jwks: provider.jwks, issuer: ISSUER, audience: AUDIENCE, ...more }, () => passed)
  return createAccess({ key: KEY, issuer })
}

interface Wish {
  readonly iss?: string
  readonly aud?: string
  readonly exp?: number | null
  readonly nbf?: number
  readonly jti?: string
  readonly claim?: unknown
  readonly name?: string
  readonly header?: { alg?: string; kid?: string; [name: string]: unknown }
  readonly by?: CryptoKey | Uint8Array
}

const soon = (): number => Math.floor(Date.now() / 1000) + 600

function sign({
  iss = ISSUER,
  aud = AUDIENCE,
  exp = soon(),
  nbf,
  jti,
  claim = CLAIM,
  name = 'holdfast',
  header,
  by = key,
}: Wish = {}) {
  const token = new SignJWT({
    [name]: claim,
    iss,
    aud,
    ...(exp === null ? {} : { exp }),
    ...(nbf === undefined ? {} : { nbf }),
    ...(jti === undefined ? {} : { jti }),
  })
  return token.setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(by)
}

describe('tokens of another issuer', () => {
  it('A8 say spaces, documents and role in one claim, and end when they say', async () => {
    const access = accessOf()
    const exp = soon()
    expect(await access.verify(await sign({ exp, jti: 'j1' }))).toEqual({
      spaces: ['default'],
      role: 'write',
      expires: exp * 1000,
      id: 'j1',
    })
    expect(await access.verify(await sign({ claim: { spaces: '*', documents: ['a'], role: 'read' } }))).toMatchObject({
      spaces: '*',
      documents: ['a'],
      role: 'read',
      id: expect.stringMatching(/^sha256:[0-9a-f]{32}$/),
    })
    const named = accessOf({ claim: 'https://chat/claim' })
    expect(await named.verify(await sign({ name: 'https://chat/claim' }))).toMatchObject({ role: 'write' })
    expect(await named.verify(await sign())).toBe(null)
    expect(provider.requests).toBe(2)
  })

  it.each(['RS256', 'PS384', 'ES512', 'EdDSA'])('A8 may be signed by %s', async (alg) => {
    const by = await provider.addKey('other', alg)
    expect(await accessOf().verify(await sign({ by, header: { alg, kid: 'other' } }))).toMatchObject({ role: 'write' })
  })

  it.each<[string, Wish]>([
    ['of another issuer', { iss: 'https://id.example.org.evil' }],
    ['for another audience', { aud: 'other' }],
    ['for our own audience', { aud: 'holdfast' }],
    ['that has expired', { exp: Math.floor(Date.now() / 1000) - 10 }],
    ['that never ends', { exp: null }],
    ['that is not yet good', { nbf: Math.floor(Date.now() / 1000) + 600 }],
    ['without the claim', { name: 'other' }],
    ['with a claim that is no object', { claim: 'write' }],
    ['with a role that is none', { claim: { spaces: ['default'], role: 'owner' } }],
    ['without a role', { claim: { spaces: ['default'] } }],
    ['without spaces', { claim: { role: 'write' } }],
    ['with spaces that are no names', { claim: { spaces: ['../x'], role: 'write' } }],
    ['with documents that are no names', { claim: { ...CLAIM, documents: ['a/b'] } }],
  ])('A9 one %s is not good', async (_name, wish) => {
    expect(await accessOf().verify(await sign(wish))).toBe(null)
  })

  it('A9 one of another key, under the same name, is not good', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    expect(await accessOf().verify(await sign({ by: privateKey }))).toBe(null)
  })

  it('A10 algorithms cannot be confused: a public key is no secret, ours is not theirs, and none is none', async () => {
    const rsa = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256' }
    const secret = {
      kty: 'oct',
      k: Buffer.from('a shared secret that is long enough').toString('base64url'),
      kid: 'oct',
    }
    provider.keys.push(jwk, secret)
    const access = accessOf()
    // HS256 with the public key as its secret, in the forms that libraries have fallen for.
    for (const form of [await exportSPKI(rsa.publicKey), JSON.stringify(jwk), jwk.n ?? '']) {
      const by = new TextEncoder().encode(form.padEnd(32))
      expect(await access.verify(await sign({ by, header: { alg: 'HS256', kid: 'rsa' } }))).toBe(null)
    }
    // A secret that somebody put among the public keys.
    const by = new TextEncoder().encode('a shared secret that is long enough')
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const long = alg === 'HS256' ? by : new Uint8Array(64).fill(1)
      expect(await access.verify(await sign({ by: long, header: { alg, kid: 'oct' } }))).toBe(null)
    }
    // Our own key, with their names; and their key, with ours.
    expect(await access.verify(await sign({ by: KEY, header: { alg: 'HS256' } }))).toBe(null)
    const ours = await new SignJWT({ spaces: '*', role: 'admin' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setAudience('holdfast')
      .setJti('x')
      .setExpirationTime(soon())
      .sign(key)
    expect(await access.verify(ours)).toBe(null)
    const [, payload] = (await sign()).split('.')
    for (const alg of ['none', 'None', 'NONE', '']) {
      const head = Buffer.from(JSON.stringify({ alg })).toString('base64url')
      expect(await access.verify(`${head}.${payload}.`)).toBe(null)
    }
    // A key that the token brings along, by value or by address.
    const own = await generateKeyPair('ES256', { extractable: true })
    const brought = { jwk: await exportJWK(own.publicKey), jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' }
    expect(await access.verify(await sign({ by: own.privateKey, header: brought }))).toBe(null)
  })

  it('A11 a key that is new is asked for; one that is unknown does not hammer the issuer', async () => {
    const access = accessOf()
    await access.verify(await sign())
    const { privateKey: unknown } = await generateKeyPair('ES256')
    for (let i = 0; i < 50; i++)
      expect(await access.verify(await sign({ by: unknown, header: { kid: `k${i}` } }))).toBe(null)
    expect(provider.requests).toBe(1)
  })

  it('A11 withdrawn keys stop working once the keys are stale; new ones are found', async () => {
    const access = accessOf()
    const old = await sign()
    expect(await access.verify(old)).not.toBe(null)
    provider.keys.length = 0
    const next = await provider.addKey('two')
    passed += 10 * 60_000
    const asked = new Promise((resolve) => provider.server.once('request', resolve))
    expect(await access.verify(old)).not.toBe(null)
    await asked
    while ((await access.verify(old)) !== null) await new Promise((resolve) => setImmediate(resolve))
    expect(await access.verify(await sign({ by: next, header: { kid: 'two' } }))).toMatchObject({ role: 'write' })
  })
})

describe('an issuer that cannot be reached', () => {
  it.each<[string, NonNullable<Provider['broken']>]>([
    ['answers 500', (status) => status(500, 'down')],
    ['answers something else', (status) => status(200, 'hello')],
    ['answers no keys', (status) => status(200, '{"keys":7}')],
    ['sends elsewhere', (status) => status(302, '')],
  ])('A12 %s: a refusal that says to try again, and no request for a while', async (_name, broken) => {
    provider.broken = broken
    const access = accessOf()
    for (let i = 0; i < 5; i++) await expect(access.verify(await sign())).rejects.toThrow(IssuerUnreachableError)
    expect(provider.requests).toBe(1)
    provider.broken = null
    passed += 5_000
    expect(await access.verify(await sign())).toMatchObject({ role: 'write' })
  })

  it('A12 keys that were fetched go on, however long it lasts; our own tokens do not need them', async () => {
    const access = accessOf()
    const token = await sign()
    expect(await access.verify(token)).not.toBe(null)
    provider.broken = (status) => status(503, 'down')
    for (let i = 0; i < 10; i++) {
      passed += 60 * 60_000
      expect(await access.verify(token)).not.toBe(null)
    }
    const own = await access.sign({ spaces: '*', role: 'read', expires: Date.now() + 60_000, id: 'x' })
    expect(await access.verify(own)).toMatchObject({ role: 'read' })
  })

  it('A12 is told on every endpoint, and clients come again', async () => {
    provider.broken = (status) => status(503, 'down')
    running = await startRelay({ access: accessOf() })
    const { port } = running
    const token = await sign()
    const message = "The keys of the token's issuer cannot be fetched. Try again."
    const body = { error: { code: 'ISSUER_UNREACHABLE', message } }
    expect(await upgradeStatus(port, `/yjs/default/chat?token=${token}`)).toEqual({ status: 503, body })
    const bearer = { authorization: `Bearer ${token}` }
    expect(await get(port, '/access/default', bearer)).toMatchObject({ status: 503, body })
    const sync = await SyncSocket.open(port)
    expect(await sync.refusedHello(token)).toEqual({ code: CLOSE.LOAD_FAILED, reason: message })
    expect(await running.log.load({ space: 'default', document: 'chat' })).toBe(null)
    expect(running.relay.metrics()).toContain('holdfast_refusals_total{reason="ISSUER_UNREACHABLE"} 3')
  })
})
