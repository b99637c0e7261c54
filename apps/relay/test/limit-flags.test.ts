import { DEFAULT_LIMITS } from '@holdfast/relay'
import { describe, expect, it } from 'vitest'
import { parseCommand } from '../src/arguments.ts'
import { LIMIT_FLAGS, limitsHelp, readLimits } from '../src/limit-flags.ts'

const serve = (...args: string[]) => {
  const command = parseCommand(['serve', ...args], {})
  if (command.kind !== 'serve') throw new Error('no serve')
  return command.options
}

describe('--limit', () => {
  it('is read with its unit', () => {
    const given = [
      'space-quota=10GiB',
      'document=0',
      'headers-within=250ms',
      'connections=7',
      'blob=5',
      'stall-after=1min',
    ]
    expect(serve(...given.flatMap((one) => ['--limit', one])).limits).toEqual({
      spaceQuota: 10 * 1024 ** 3,
      documentBytes: 0,
      headersWithin: 250,
      connections: 7,
      blobBytes: 5,
      stallAfter: 60_000,
    })
  })

  it('is there for each limit of a connection, and 0 is a time where it is meant', () => {
    const given = {
      message: '1MiB',
      fragments: '16',
      'message-rate': '0',
      'rate-patience': '0',
      'early-messages': '4',
      'early-bytes': '32KiB',
      'hello-within': '2s',
      'documents-per-connection': '64',
    }
    const flags = Object.entries(given).flatMap(([name, value]) => ['--limit', `${name}=${value}`])
    expect(serve(...flags).limits).toEqual({
      messageBytes: 1024 ** 2,
      fragments: 16,
      messageRate: 0,
      ratePatience: 0,
      earlyMessages: 4,
      earlyBytes: 32 * 1024,
      helloWithin: 2_000,
      documentsPerConnection: 64,
    })
    expect(limitsHelp()).toMatch(/rate-patience +.* 0: at once \(10s\)/)
    for (const none of ['early-messages=0', 'early-bytes=0', 'hello-within=0', 'documents-per-connection=0']) {
      expect(() => serve('--limit', none), none).toThrow(/is how it is written/)
    }
  })

  it.each([
    ['nothing=1', /--limit is one of message, .*, not "nothing"/],
    ['constructor=1', /--limit is one of/],
    ['connections', /--limit connections=100 is how it is written/],
    ['connections=', /is how it is written/],
    ['connections=0', /is how it is written/],
    ['connections=-1', /is how it is written/],
    ['connections=1e3', /is how it is written/],
    ['connections=10s', /is how it is written/],
    ['connections=1=2', /is how it is written/],
    ['documents-per-connection=23', /--limit documents-per-connection is at least 24, not "23"/],
    ['space-quota=10GB', /--limit space-quota=10GiB is how it is written/],
    ['space-quota=999999999999999TiB', /is how it is written/],
    ['headers-within=5', /--limit headers-within=5s is how it is written/],
  ])('%s is refused', (text, message) => {
    expect(() => serve('--limit', text)).toThrow(message)
  })

  it('names every limit that it knows, with what it is unless given', () => {
    for (const name of Object.keys(LIMIT_FLAGS)) expect(limitsHelp()).toContain(`  ${name} `)
    expect(limitsHelp()).toMatch(/message-rate +.*\(20000\)/)
    expect(limitsHelp()).toMatch(/space-quota +.*\(none\)/)
    expect(limitsHelp()).toMatch(/headers-within +.*\(5s\)/)
    const given = Object.entries(LIMIT_FLAGS).map(
      ([name, { kind, least }]) => `${name}=${kind === 'time' ? '1s' : Math.max(1, least)}`,
    )
    expect(Object.keys(readLimits(given)).sort()).toEqual(
      Object.values(LIMIT_FLAGS)
        .map(({ limit }) => limit)
        .sort(),
    )
    for (const { limit } of Object.values(LIMIT_FLAGS)) expect(DEFAULT_LIMITS).toHaveProperty(limit)
  })
})

describe('another issuer, and proxies', () => {
  it('are read', () => {
    const issuer = ['--jwks', 'https://id.example.org/keys', '--issuer', 'https://id.example.org', '--audience', 'chat']
    expect(serve(...issuer).issuer).toEqual({
      jwks: 'https://id.example.org/keys',
      issuer: 'https://id.example.org',
      audience: 'chat',
    })
    expect(serve(...issuer, '--claim', 'https://chat/claim').issuer).toMatchObject({ claim: 'https://chat/claim' })
    expect(serve().issuer).toBe(null)
    const proxies = ['--public-url', 'https://c.example', '--proxy', '10.0.0.0/8', '--proxy', '::2']
    expect(serve(...proxies).proxies).toEqual(['10.0.0.0/8', '::2'])
  })

  it.each([
    [['--jwks', 'https://id.example.org/keys'], /belong together/],
    [['--claim', 'x'], /belong together/],
    [['--jwks', 'nowhere', '--issuer', 'a', '--audience', 'b'], /--jwks is an address/],
    [['--proxy', '10.0.0.1'], /needs --public-url/],
    [['--public-url', 'https://c.example', '--proxy', 'proxy.lan'], /--proxy is an address or a network/],
    [['--public-url', 'https://c.example', '--proxy', '10.0.0.0/33'], /--proxy is an address or a network/],
    [['--public-url', 'https://c.example', '--proxy', '10.0.0.0/8/8'], /--proxy is an address or a network/],
  ])('%s is refused', (args, message) => {
    expect(() => serve(...args)).toThrow(message)
  })
})
