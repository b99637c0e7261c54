import type { Progress } from '@holdfast/update-log/upkeep'
import type { Flags, Given } from './flags.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What a command has to do with the outside. */
export interface Surroundings {
  readonly env: Environment
  /** Milliseconds since 1970. */
  now(): number
  /** Standard output. */
  say(text: string): void
  /** Standard error, a line. */
  warn(text: string): void
  /** Shown while it lasts, if there is somebody to look. */
  progress(progress: Progress): void
  /** Asks a person; false when there is none. */
  ask(question: string): Promise<boolean>
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal
}

/** A command that runs to its end. */
export interface Command {
  /** One or two words. */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What it does, in a sentence or more, for its own help. */
  readonly text: string
  /** Names that follow, as the help shows them. */
  readonly positionals: readonly string[]
  readonly flags: Flags
  /** @returns the exit code. @throws Failure */
  run(given: Given, surroundings: Surroundings): Promise<number>
}

export const DATA_FLAG = {
  data: { value: 'DIR', text: 'The data folder (the same as that of serve)' },
} as const

export const JSON_FLAG = {
  json: { text: 'Print one line of JSON to standard output instead of text' },
} as const
