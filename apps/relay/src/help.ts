import type { Command } from './command.ts'
import { COMMANDS } from './commands.ts'
import type { Flags } from './flags.ts'
import { limitsHelp } from './limit-flags.ts'

const INDENT = ' '.repeat(25)

export function holdfastHelp(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}\n`).join('')
  return `Holdfast keeps AI conversations.

Usage: holdfast <command> [flags]

  ${'serve'.padEnd(width)}Run the relay and the web app
${lines}
  ${'help COMMAND'.padEnd(width)}The flags of a command (also holdfast COMMAND --help)
  ${'--version'.padEnd(width)}The version

Exit codes: 0 done, 1 it could not be done or something is wrong, 2 asked for wrongly, 130 interrupted.
`
}

export const SERVE_FLAGS: Flags = {
  host: { value: 'ADDRESS', text: 'Address to listen on (127.0.0.1)' },
  port: { value: 'PORT', text: 'Port to listen on (4321; 0 picks a free one)' },
  data: { value: 'DIR', text: 'Folder to keep everything in (a folder of yours, printed at the start)' },
  space: {
    value: 'NAME',
    text: 'A space besides "default"; may be given more than once.\nOne that holds conversations is served without being named again.',
    multiple: true,
  },
  'allow-origin': {
    value: 'ORIGIN',
    text: 'Web application elsewhere that may connect, such as https://chat.example.org;\nmay be given more than once',
    multiple: true,
  },
  'public-url': { value: 'URL', text: 'Address under which a proxy makes this reachable' },
  proxy: {
    value: 'ADDRESS',
    text: 'Address or network (10.0.0.0/8) of such a proxy, besides loopback; may be given more than once',
    multiple: true,
  },
  jwks: { value: 'URL', text: 'Public keys of somebody else whose tokens are good too; with' },
  issuer: { value: 'ISS', text: '  what their "iss" is,' },
  audience: { value: 'AUD', text: '  what their "aud" is, and' },
  claim: { value: 'NAME', text: '  the claim that says spaces and role (holdfast)' },
  limit: {
    value: 'NAME=VALUE',
    text: 'A limit, such as space-quota=10GiB; may be given more than once. See below',
    multiple: true,
  },
  log: { value: 'FORMAT', text: 'Lines on standard error: text, or json (json with --json)' },
  'log-level': { value: 'LEVEL', text: 'From which level on: error, warn, info, debug (info)' },
  json: { text: 'Print one line of JSON when ready, and nothing else, to standard output' },
}

export const SERVE_HELP = `Runs the relay and the web app, and prints the address to open. SIGTERM and SIGINT end it within five seconds, with
everything written; clients are told to come again.

Usage: holdfast serve [flags]

${flagLines(SERVE_FLAGS)}
Environment:
  HOLDFAST_TOKEN         A token of 32 characters or more that may do everything

Limits (and what they are unless given):
${limitsHelp()}
`

export function helpOf({ name, text, positionals, flags }: Command): string {
  const names = positionals.length === 0 ? '' : ` ${positionals.join(' ')}`
  return `${text}

Usage: holdfast ${name}${names} [flags]

${flagLines(flags)}`
}

function flagLines(flags: Flags): string {
  return Object.entries({ ...flags, help: { text: 'This text' } })
    .map(([name, { text, ...flag }]) => {
      const left = `  --${name}${'value' in flag && flag.value !== undefined ? ` ${flag.value}` : ''}`
      const start = left.length < INDENT.length ? left.padEnd(INDENT.length) : `${left}\n${INDENT}`
      return `${start}${text.replaceAll('\n', `\n${INDENT}`)}\n`
    })
    .join('')
}
