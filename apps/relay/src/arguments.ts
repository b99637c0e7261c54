import { type IssuerOptions, isProxyAddress, type Limits } from '@holdfast/relay'
import type { Command as Runnable } from './command.ts'
import { COMMANDS } from './commands.ts'
import { dataOf } from './data-folder.ts'
import { type Given, nearest, readFlags, wrong } from './flags.ts'
import { helpOf, holdfastHelp, SERVE_FLAGS, SERVE_HELP } from './help.ts'
import { readLimits } from './limit-flags.ts'
import { LEVELS, type Level, type LogOptions } from './log-lines.ts'

export type Command =
  | { readonly kind: 'serve'; readonly options: ServeOptions }
  | { readonly kind: 'run'; readonly command: Runnable; readonly given: Given }
  | { readonly kind: 'help'; readonly text: string }
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
  readonly log: LogOptions
}

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 4321
const ADMIN_TOKEN_CHARACTERS = 32
const SPACE_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}$/

type Environment = Readonly<Record<string, string | undefined>>

/** @throws Failure for anything that is not understood */
export function parseCommand(argv: readonly string[], env: Environment): Command {
  const [first, ...rest] = argv
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help', text: holdfastHelp() }
  if (first === 'help') return { kind: 'help', text: helpFor(rest) }
  if (first === '--version' || first === '-v' || first === 'version') return { kind: 'version' }
  if (first === 'serve') return parseServe(rest, env)
  const { command, args } = find(first, rest)
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', text: helpOf(command) }
  const given = readFlags(command.name, command.flags, command.positionals, args)
  return { kind: 'run', command, given }
}

/** A command has one word or two. */
function find(first: string, rest: readonly string[]): { command: Runnable; args: readonly string[] } {
  const [second, ...others] = rest
  const one = COMMANDS.find(({ name }) => name === first)
  if (one !== undefined) return { command: one, args: rest }
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `))
  const two = group.find(({ name }) => name === `${first} ${second}`)
  if (two !== undefined) return { command: two, args: others }
  if (group.length > 0) {
    const names = group.map(({ name }) => name.slice(first.length + 1))
    throw wrong(`"${first}" is followed by ${names.join(', ')}. See "holdfast --help".`)
  }
  const words = ['serve', 'help', ...COMMANDS.map(({ name }) => name.split(' ')[0]!)]
  const meant = nearest(first, words)
  const perhaps = meant === null ? '' : ` Did you mean "${meant}"?`
  throw wrong(`There is no command "${first}".${perhaps} See "holdfast --help".`)
}

function helpFor(words: readonly string[]): string {
  const [first, ...rest] = words
  if (first === undefined) return holdfastHelp()
  if (first === 'serve') return SERVE_HELP
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `))
  if (group.length > 0 && rest.length === 0) return group.map(helpOf).join('\n')
  return helpOf(find(first, rest).command)
}

function parseServe(args: readonly string[], env: Environment): Command {
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', text: SERVE_HELP }
  const given = readFlags('serve', SERVE_FLAGS, [], args)
  const [port, publicUrl] = [given.text('port'), given.text('public-url')]
  const json = given.has('json')
  return {
    kind: 'serve',
    options: {
      host: given.text('host') ?? DEFAULT_HOST,
      port: port === undefined ? DEFAULT_PORT : portOf(port),
      data: dataOf(given, env),
      json,
      allowOrigins: given.texts('allow-origin').map(originOf),
      publicUrl: publicUrl === undefined ? null : urlOf('--public-url', publicUrl),
      proxies: proxiesOf(given.texts('proxy'), publicUrl),
      issuer: issuerOf(given),
      limits: limitsOf(given.texts('limit')),
      spaces: given.texts('space').map(spaceOf),
      adminToken: adminTokenOf(env.HOLDFAST_TOKEN),
      log: {
        format: formatOf(given.text('log') ?? (json ? 'json' : 'text')),
        level: levelOf(given.text('log-level') ?? 'info'),
      },
    },
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

function issuerOf(given: Given): IssuerOptions | null {
  const [jwks, issuer, audience, claim] = ['jwks', 'issuer', 'audience', 'claim'].map((flag) => given.text(flag))
  if (jwks === undefined && issuer === undefined && audience === undefined && claim === undefined) return null
  if (jwks === undefined || issuer === undefined || audience === undefined) {
    throw wrong(
      '--jwks, --issuer and --audience belong together: where the keys are, and what "iss" and "aud" must be.',
    )
  }
  return { jwks: urlOf('--jwks', jwks), issuer, audience, ...(claim === undefined ? {} : { claim }) }
}

function formatOf(text: string): 'json' | 'text' {
  if (text === 'json' || text === 'text') return text
  throw wrong(`--log is json or text, not "${text}".`)
}

function levelOf(text: string): Level {
  const level = LEVELS.find((name) => name === text)
  if (level !== undefined) return level
  throw wrong(`--log-level is ${LEVELS.join(', ')}, not "${text}".`)
}

export function portOf(text: string): number {
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
