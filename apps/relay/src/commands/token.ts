import { access as accessFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAccess, type ListedToken, openTokenLedger, type Role } from '@holdfast/relay'
import { withAdvice } from '../advice.ts'
import { type Command, DATA_FLAG, JSON_FLAG } from '../command.ts'
import { dataOf, readOrMakeKey, requireDataFolder } from '../data-folder.ts'
import { Failure } from '../failure.ts'
import { type Given, wrong } from '../flags.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const UNITS: Readonly<Record<string, number>> = { h: DAY_MS / 24, d: DAY_MS, w: 7 * DAY_MS, y: 365 * DAY_MS }
const EXPIRES = '90d'
const ROLES: readonly string[] = ['read', 'write', 'admin']

export const tokenCreate: Command = {
  name: 'token create',
  summary: 'Make a token for somebody',
  text: `Makes a token and prints it, once: it is kept nowhere. Whoever has it can do what its role says, in the spaces and documents
that it names, until it expires or is revoked. Also while a relay serves the folder.`,
  positionals: [],
  flags: {
    ...DATA_FLAG,
    name: { value: 'TEXT', text: 'What it is for, to know it in the list' },
    role: { value: 'ROLE', text: 'read, write or admin (write)' },
    space: { value: 'NAME', text: 'A space that it reaches; may be given more than once (default)', multiple: true },
    'all-spaces': { text: 'It reaches every space' },
    document: { value: 'NAME', text: 'Only this document; may be given more than once', multiple: true },
    expires: { value: 'TIME', text: `How long it is good (12h, 30d, 8w, 1y), or a date (${EXPIRES})` },
    ...JSON_FLAG,
  },
  async run(given, { env, now, say }) {
    const data = dataOf(given, env)
    const role = given.text('role') ?? 'write'
    if (!ROLES.includes(role)) throw wrong(`--role is read, write or admin, not "${role}".`)
    const spaces = given.texts('space')
    if (given.has('all-spaces') && spaces.length > 0) throw wrong('--space and --all-spaces exclude each other.')
    const documents = given.texts('document')
    const wish = {
      name: given.text('name') ?? 'made by hand',
      role: role as Role,
      spaces: given.has('all-spaces') ? ('*' as const) : spaces.length === 0 ? ['default'] : spaces,
      ...(documents.length === 0 ? {} : { documents }),
      expires: endOf(given, now()),
    }
    const { key, ledger } = await open(data, now)
    try {
      const { token, record } = await createAccess({ key, ledger, now }).create(wish)
      say(given.has('json') ? `${JSON.stringify({ event: 'token-created', token, ...record })}\n` : `${token}\n`)
      return 0
    } catch (error) {
      throw withAdvice(error)
    }
  },
}

export const tokenList: Command = {
  name: 'token list',
  summary: 'List the tokens that were made, without the tokens themselves',
  text: 'Lists every token that was made for this folder: its id, name, role, what it reaches, its end, and whether it was revoked.',
  positionals: [],
  flags: { ...DATA_FLAG, all: { text: 'Those that have expired or were revoked too' }, ...JSON_FLAG },
  async run(given, { env, now, say }) {
    const { ledger } = await open(dataOf(given, env), now)
    const isShown = (token: ListedToken): boolean =>
      given.has('all') || (token.revoked === null && token.expires > now())
    const tokens = ledger.list().filter(isShown)
    if (given.has('json')) say(`${JSON.stringify({ event: 'tokens', tokens })}\n`)
    else
      say(tokens.length === 0 ? 'There are no tokens.\n' : tokens.map((token) => `${lineOf(token, now())}\n`).join(''))
    return 0
  },
}

export const tokenRevoke: Command = {
  name: 'token revoke',
  summary: 'End a token, and the connections that use it',
  text: `Ends a token by its id (see token list). A relay that serves the folder cuts its connections within a second. Revoking
cannot be taken back.`,
  positionals: ['ID'],
  flags: { ...DATA_FLAG, ...JSON_FLAG },
  async run(given, { env, now, say }) {
    const [id] = given.positionals
    if (id === undefined) throw wrong('token revoke needs the id of a token. See "holdfast token list".')
    const { ledger } = await open(dataOf(given, env), now)
    try {
      const known = ledger.list().some((token) => token.id === id)
      const revoked = await ledger.revoke(id)
      if (given.has('json')) say(`${JSON.stringify({ event: 'token-revoked', id, revoked, known })}\n`)
      else {
        const unknown = known ? '' : ' It is none that was made here; if it is of another issuer, that is right.'
        say(`${revoked ? `${id} is revoked.` : `${id} had been revoked before.`}${unknown}\n`)
      }
      return 0
    } catch (error) {
      throw withAdvice(error)
    }
  },
}

/** The ledger is for several processes, so that a relay that serves the folder need not be asked. */
async function open(data: string, now: () => number) {
  await requireDataFolder(data)
  try {
    await accessFile(join(data, 'key'))
  } catch (error) {
    throw new Failure(`${data} has no key that can be read; start "holdfast serve" once, as the user that owns it.`, {
      cause: error,
    })
  }
  const { key } = await readOrMakeKey(data)
  try {
    return { key, ledger: await openTokenLedger({ directory: data, now, mend: false }) }
  } catch (error) {
    throw withAdvice(error)
  }
}

function endOf(given: Given, now: number): number {
  const text = given.text('expires') ?? EXPIRES
  const [, count, unit] = /^(\d{1,5})([hdwy])$/.exec(text) ?? []
  const end = count === undefined ? Date.parse(text) : now + Number(count) * (UNITS[unit ?? ''] ?? Number.NaN)
  if (Number.isNaN(end)) throw wrong(`--expires is a time such as 12h, 30d, 8w, 1y or 2027-01-31, not "${text}".`)
  if (end <= now) throw wrong(`--expires is a time in the future, not "${text}".`)
  return end
}

function lineOf({ id, name, role, spaces, documents, expires, revoked }: ListedToken, now: number): string {
  const reach = spaces === '*' ? 'all spaces' : spaces.join(', ')
  const only = documents === undefined ? '' : ` (only ${documents.join(', ')})`
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10)
  const end = revoked !== null ? `revoked ${day(revoked)}` : `${expires > now ? 'until' : 'expired'} ${day(expires)}`
  return `${id}  ${role}  ${reach}${only}  ${end}  ${name}`
}
