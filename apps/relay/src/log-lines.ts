import type { RelayEvent } from '@holdfast/relay'

/** From the most to the least urgent. */
export const LEVELS = ['error', 'warn', 'info', 'debug'] as const
export type Level = (typeof LEVELS)[number]

export interface LogOptions {
  readonly format: 'json' | 'text'
  /** What is less urgent is left out. */
  readonly level: Level
}

/** Lines on standard error: what happened, when, and how urgent it is. No token and no content is ever in one. */
export interface Log {
  /** @param text for a person; @param fields for a program, `event` names what it is */
  write(level: Level, text: string, fields: { readonly event: string } & Readonly<Record<string, unknown>>): void
  relay(event: RelayEvent): void
}

export function createLog({ format, level: least }: LogOptions, now: () => number, print: (line: string) => void): Log {
  const isWanted = (level: Level): boolean => LEVELS.indexOf(level) <= LEVELS.indexOf(least)
  const write: Log['write'] = (level, text, fields) => {
    if (!isWanted(level)) return
    const at = new Date(now()).toISOString()
    print(format === 'json' ? `${JSON.stringify({ at, level, ...fields, text })}\n` : `${at} ${text}\n`)
  }
  return {
    write,
    relay(event) {
      const level = levelOf(event)
      // Each connection is several events, and usually none of them a line.
      if (isWanted(level)) write(level, Object.values(event).join(' '), { ...event })
    },
  }
}

/** Connections come and go without a line, unless somebody wants every one. */
export function levelOf({ event }: Pick<RelayEvent, 'event'>): Level {
  if (event.endsWith('-failed')) return 'error'
  if (event === 'document-set-aside' || event === 'cursor-ahead' || event === 'too-costly') return 'warn'
  if (event === 'blobs-swept') return 'info'
  return 'debug'
}
