import { randomBytes } from 'node:crypto'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { codeOf } from '../failure.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { WRITES_FAIL } from './port.ts'

const PATIENCE_MS = 10_000
const FOREIGN = 'https://nobody.example'

/** Whether a relay can be reached at an address as clients do, through whatever is in front of it. */
export async function checkAddress(url: URL): Promise<Finding[]> {
  const alive = await checkAlive(url)
  if (alive.state === 'fail') return [alive]
  return [alive, checkTls(url), await checkUpgrade(url), await checkOrigin(url)]
}

async function checkAlive(url: URL): Promise<Finding> {
  const where = new URL('readyz', withSlash(url))
  try {
    const response = await fetch(where, { signal: AbortSignal.timeout(PATIENCE_MS) })
    const text = await response.text()
    if (response.ok && text.includes('"ready"')) return ok('reach', `${where.href} says ready`)
    if (response.status === 403 && text.includes('FOREIGN_HOST')) {
      return fail('reach', 'the relay does not know this address', `Start it with --public-url ${url.origin}.`)
    }
    if (response.status === 503 && text.includes('"writes-fail"')) {
      return fail('reach', `the relay at ${url.origin} cannot write`, WRITES_FAIL)
    }
    return fail(
      'reach',
      `${where.href} answers ${response.status}`,
      'See to the proxy: it hands every path to the relay.',
    )
  } catch (error) {
    const cause = error instanceof Error ? (codeOf(error.cause) ?? error.message) : String(error)
    return fail(
      'reach',
      `${url.href} cannot be reached (${cause})`,
      'See to its name, its certificate, the firewall, and whether the relay runs.',
    )
  }
}

function checkTls(url: URL): Finding {
  const isNear = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url.protocol === 'https:') return ok('tls', 'encrypted')
  if (isNear) return ok('tls', 'not needed on this machine')
  return warn('tls', 'tokens and conversations can be read on the way', 'Put a proxy with TLS in front of it.')
}

async function checkUpgrade(url: URL): Promise<Finding> {
  const answer = await upgrade(url, url.origin)
  if (answer === 101) return ok('websocket', 'upgraded')
  const advice =
    'See to the proxy: it hands on Upgrade and Connection, and does not end connections that are silent for a minute.'
  return fail('websocket', `the upgrade was answered by ${answer}`, advice)
}

async function checkOrigin(url: URL): Promise<Finding> {
  const answer = await upgrade(url, FOREIGN)
  if (answer === 403) return ok('origin', 'pages of other sites are refused')
  const advice = 'The proxy must hand on the Origin header as it came.'
  if (answer === 101) return fail('origin', 'a page of another site could connect', advice)
  return warn('origin', `a foreign origin was answered by ${answer}`, advice)
}

/** The status of an upgrade, or the code of what went wrong. */
function upgrade(url: URL, origin: string): Promise<number | string> {
  const target = new URL('sync/default', withSlash(url))
  const request = (target.protocol === 'https:' ? requestHttps : requestHttp)(target, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      origin,
    },
    timeout: PATIENCE_MS,
  })
  return new Promise((resolve) => {
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response.statusCode ?? 0)
    })
    request.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('timeout', () => request.destroy(new Error('no answer')))
    request.on('error', (error) => resolve(codeOf(error) ?? error.message))
    request.end()
  })
}

function withSlash(url: URL): string {
  return url.href.endsWith('/') ? url.href : `${url.href}/`
}
