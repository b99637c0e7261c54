import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type IssuerOptions, isProxyAddress, type Limits } from '@holdfast/relay'
import { defaultDataFolder } from './data-folder.ts'
import { Failure } from './failure.ts'
import { readLimits } from './limit-flags.ts'

export type Command =
  | { readonly kind: 'serve'; readonly options: ServeOptions }
  | { readonly kind: 'help'; readonly topic: 'holdfast' | 'serve' }
  | { readonly kind: 'version' }

export interface ServeOptions {
  readonly host: string
  /** 0 picks one. */
  readonly port: number
  /** Absolute. */
  readonly data: string
  readonly json: boolean
  readonly allowOrigins: readonly string[]
  readonly publicUrl: string | null
  /** Addresses and networks of proxies, besides loopback. */
  readonly proxies: readonly string[]
  /** Whose tokens are good besides our own. */
  readonly issuer: IssuerOptions | null
  readonly limits: Partial<Limits>
  readonly spaces: readonly string[]
  /** `HOLDFAST_TOKEN`. */
  readonly adminToken: string | null
}

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 4321
const ADMIN_TOKEN_CHARACTERS = 32
const SPACE_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}$/

type Environment = Readonly<Record<string, string | undefined>>

/** @throws Failure for anything that is not understood */
export function parseCommand(argv: readonly string[], env: Environment): Command {
  const [first, ...rest] = argv
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    return { kind: 'help', topic: rest[0] === 'serve' ? 'serve' : 'holdfast' }
  }
  if (first === '--version' || first === '-v') return { kind: 'version' }
  if (first === 'serve') return parseServe(rest, env)
  throw wrong(`There is no command "${first}". See "holdfast --help".`)
}

function parseServe(args: readonly string[], env: Environment): Command {
  const values = flagsOf(args)
  if (values.help === true) return { kind: 'help', topic: 'serve' }
  return {
    kind: 'serve',
    options: {
      host: values.host ?? DEFAULT_HOST,
      port: values.port === undefined ? DEFAULT_PORT : portOf(values.port),
      data: resolve(values.data ?? defaultDataFolder(env)),
      json: values.json === true,
      allowOrigins: (values['allow-origin'] ?? []).map(originOf),
      publicUrl: values['public-url'] === undefined ? null : urlOf('--public-url', values['public-url']),
      proxies: proxiesOf(values.proxy ?? [], values['public-url']),
      issuer: issuerOf(values),
      limits: limitsOf(values.limit ?? []),
      spaces: (values.space ?? []).map(spaceOf),
      adminToken: adminTokenOf(env.HOLDFAST_TOKEN),
    },
  }
}

function flagsOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        host: { type: 'string' },
        port: { type: 'string' },
        data: { type: 'string' },
        json: { type: 'boolean' },
        'allow-origin': { type: 'string', multiple: true },
        'public-url': { type: 'string' },
        proxy: { type: 'string', multiple: true },
        jwks: { type: 'string' },
        issuer: { type: 'string' },
        audience: { type: 'string' },
        claim: { type: 'string' },
        limit: { type: 'string', multiple: true },
        space: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // Its first sentence names the flag; the rest is advice about positionals.
    const [said = ''] = error.message.split(/(?<=\.) |\n/)
    throw wrong(`${said.replace(/\.$/, '')}. See "holdfast serve --help".`, error)
  }
}

function proxiesOf(proxies: readonly string[], publicUrl: string | undefined): readonly string[] {
  const wrongOne = proxies.find((proxy) => !isProxyAddress(proxy))
  if (wrongOne !== undefined) throw wrong(`--proxy is an address or a network such as 10.0.0.0/8, not "${wrongOne}".`)
  if (proxies.length > 0 && publicUrl === undefined) {
    throw wrong('--proxy needs --public-url: the address under which the proxy makes this reachable.')
  }
  return proxies
}

function limitsOf(given: readonly string[]): Partial<Limits> {
  const limits = readLimits(given)
  if ('fault' in limits) throw wrong(`${limits.fault}.`)
  return limits
}

function issuerOf({
  jwks,
  issuer,
  audience,
  claim,
}: Partial<Record<keyof IssuerOptions, string>>): IssuerOptions | null {
  if (jwks === undefined && issuer === undefined && audience === undefined && claim === undefined) return null
  if (jwks === undefined || issuer === undefined || audience === undefined) {
    throw wrong(
      '--jwks, --issuer and --audience belong together: where the keys are, and what "iss" and "aud" must be.',
    )
  }
  return { jwks: urlOf('--jwks', jwks), issuer, audience, ...(claim === undefined ? {} : { claim }) }
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw wrong(`--port is a number from 0 to 65535 (0 picks a free one), not "${text}".`)
}

function spaceOf(name: string): string {
  if (SPACE_NAME.test(name)) return name
  throw wrong(`--space is 1 to 128 of A-Z a-z 0-9 . _ ~ - (and neither "." nor ".."), not "${name}".`)
}

function originOf(text: string): string {
  const url = parsed('--allow-origin', text)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw wrong(`--allow-origin is scheme, host and port only, such as ${url.origin}, not "${text}".`)
  }
  return url.origin
}

function urlOf(flag: string, text: string): string {
  return parsed(flag, text).href.replace(/\/$/, '')
}

function parsed(flag: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw wrong(`${flag} is an address such as https://chat.example.org, not "${text}".`)
  }
  return url
}

function adminTokenOf(token: string | undefined): string | null {
  if (token === undefined || token === '') return null
  if (token.length >= ADMIN_TOKEN_CHARACTERS) return token
  throw wrong(
    `HOLDFAST_TOKEN has ${token.length} characters and needs ${ADMIN_TOKEN_CHARACTERS} or more; make one with "openssl rand -hex 32".`,
  )
}

function wrong(message: string, cause?: unknown): Failure {
  return new Failure(message, { exitCode: 2, cause })
}
