import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { withAdvice } from '../src/advice.ts'
import { parseCommand } from '../src/arguments.ts'
import { Failure } from '../src/failure.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string
  readonly out: string
  readonly err: string
}

export interface Ready {
  readonly event: string
  readonly url: string
  readonly token: string
  readonly space: string
  readonly data: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ready: Ready
  /** What stands on standard output and error so far. */
  said(): { out: string; err: string }
  /** Ends it with a signal. */
  end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<Ended>
}

function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  // The sources as they are: Node 24 takes the types out, and the condition finds the other packages' sources.
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', MAIN, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: '/nowhere', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const closed = once(child, 'close').then(([code, signal]): Ended => ({ code: code ?? signal, out, err }))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return { child, closed, said: () => ({ out, err }) }
}

/** Runs the command to its end. */
export function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return start(args, env).closed
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

/** Begins the command. */
export function begin(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const { child, closed } = start(args, env)
  return { child, ended: closed }
}

/**
 * As `run`, in this process, for the many that need no process of their own: what `main.ts` does around a command, it does in the tests that
 * spawn it.
 */
export async function runHere(args: readonly string[]): Promise<Ended> {
  let [out, err] = ['', '']
  try {
    const parsed = parseCommand(args, {})
    if (parsed.kind !== 'run') throw new TypeError(`${args[0]} does not run to its end`)
    const code = await parsed.command.run(parsed.given, {
      env: {},
      now: Date.now,
      say: (text) => {
        out += text
      },
      warn: (text) => {
        err += `${text}\n`
      },
      progress: () => undefined,
      ask: async () => false,
      signal: new AbortController().signal,
    })
    return { code, out, err }
  } catch (thrown) {
    const error = withAdvice(thrown)
    if (!(error instanceof Failure)) throw error
    return { code: error.exitCode, out, err: `holdfast: ${error.message}\n` }
  }
}

/** Runs the command with `--json` to a good end. @returns the one line that it prints */
export async function ask(...args: readonly string[]): Promise<Record<string, unknown>> {
  return lineOf(await run([...args, '--json']))
}

/** As `ask`, in this process. */
export async function askHere(...args: readonly string[]): Promise<Record<string, unknown>> {
  return lineOf(await runHere([...args, '--json']))
}

function lineOf({ code, out, err }: Ended): Record<string, unknown> {
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`)
  return JSON.parse(out)
}

/** One line that says what to do, and a code that says that it did not work. */
export async function expectRefusal(
  args: readonly string[],
  line: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  expectOneLine(await run(args, env), line)
}

/** As `expectRefusal`, in this process. */
export async function expectRefusalHere(args: readonly string[], line: RegExp): Promise<void> {
  expectOneLine(await runHere(args), line)
}

function expectOneLine({ code, out, err }: Ended, line: RegExp): void {
  expect(err).toMatch(line)
  expect(err.trimEnd().split('\n').length).toBe(1)
  expect(err).toMatch(/^holdfast: /)
  expect(out).toBe('')
  expect(code).toBeGreaterThan(0)
}

/** Runs `holdfast serve --json` until it is ready. */
export async function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Started> {
  const { child, closed, said } = start(['serve', '--json', '--port', '0', ...args], env)
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => {
      if (said().out.includes('\n')) resolve()
    })
    void closed.then(({ err }) => reject(new Error(`it ended instead: ${err}`)))
  })
  const ready = JSON.parse(said().out) as Ready
  return {
    child,
    ready,
    said,
    end(signal) {
      child.kill(signal)
      return closed
    },
  }
}

/** A folder that is gone when the test is. */
export async function temporaryFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-cli-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}
