import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'

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

/** Runs the command with `--json` to a good end. @returns the one line that it prints */
export async function ask(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await run([...args, '--json'])
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`)
  return JSON.parse(out)
}

/** One line that says what to do, and a code that says that it did not work. */
export async function expectRefusal(
  args: readonly string[],
  line: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, out, err } = await run(args, env)
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
