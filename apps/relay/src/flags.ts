import { parseArgs } from 'node:util'
import { Failure } from './failure.ts'

/** One flag of a command: what it takes, and what it is for. */
export interface Flag {
  /** What stands for its value in the help; a flag without is a switch. */
  readonly value?: string
  readonly text: string
  readonly multiple?: boolean
}

export type Flags = Readonly<Record<string, Flag>>

/** What was given, by the names of flags. */
export class Given {
  readonly #values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>
  readonly positionals: readonly string[]

  constructor(
    values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>,
    positionals: readonly string[],
  ) {
    this.#values = values
    this.positionals = positionals
  }

  has(flag: string): boolean {
    return this.#values[flag] === true
  }

  text(flag: string): string | undefined {
    const value = this.#values[flag]
    return typeof value === 'string' ? value : undefined
  }

  texts(flag: string): readonly string[] {
    const value = this.#values[flag]
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
  }

  /** @throws Failure when it was not given */
  required(flag: string, command: string): string {
    const value = this.text(flag)
    if (value !== undefined && value !== '') return value
    throw wrong(`--${flag} is needed. See "holdfast ${command} --help".`)
  }

  /** A whole number from `from` to `to`. @throws Failure */
  number(flag: string, otherwise: number, from: number, to: number): number {
    const text = this.text(flag)
    if (text === undefined) return otherwise
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= from && number <= to) return number
    throw wrong(`--${flag} is a number from ${from} to ${to}, not "${text}".`)
  }
}

/**
 * Reads a command's flags. Unlike Node's own, it says what flag was probably meant.
 * @param positionals how many names may follow
 * @throws Failure for anything that is not understood
 */
export function readFlags(
  command: string,
  flags: Flags,
  positionals: readonly string[],
  args: readonly string[],
): Given {
  const see = `See "holdfast ${command} --help".`
  const known = { ...flags, help: { text: '' } }
  for (const arg of args) {
    if (arg === '--') break
    const name = /^--([^=]+)/.exec(arg)?.[1]
    if (name === undefined || Object.hasOwn(known, name)) continue
    const meant = nearest(name, Object.keys(known))
    throw wrong(
      `Unknown option '--${name}'${meant === null ? '' : `; did you mean '--${meant}'?`}${meant === null ? '.' : ''} ${see}`,
    )
  }
  try {
    const options = Object.fromEntries(
      Object.entries(flags).map(([name, { value, multiple = false }]) => [
        name,
        { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple },
      ]),
    )
    const parsed = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: positionals.length > 0,
      options: { ...options, help: { type: 'boolean' as const, short: 'h' } },
    })
    const extra = parsed.positionals[positionals.length]
    if (extra !== undefined) throw wrong(`Unexpected argument '${extra}'. ${see}`)
    return new Given(parsed.values, parsed.positionals)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // Its first sentence names the flag; the rest is advice about positionals.
    const [said = ''] = error.message.split(/(?<=\.) |\n/)
    throw wrong(`${said.replace(/\.$/, '')}. ${see}`, error)
  }
}

export function wrong(message: string, cause?: unknown): Failure {
  return new Failure(message, { exitCode: 2, cause })
}

/** The name that differs least from what was typed, if it is near enough to be meant. */
export function nearest(typed: string, names: readonly string[]): string | null {
  const ranked = names
    .map((name) => ({ name, distance: distance(typed, name) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
  const [best] = ranked
  return best !== undefined && best.distance <= Math.max(1, Math.floor(typed.length / 3)) ? best.name : null
}

/** Levenshtein's: how many letters have to be put in, taken out or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change))
    }
    row = next
  }
  return row[b.length]!
}
