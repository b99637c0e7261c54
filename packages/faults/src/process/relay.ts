import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** Given in the environment; peers present it, so that no run has to wait for a token of its own. */
export const ADMIN_TOKEN = 'the-admin-of-the-fault-tests-0123456789abcdef'

/** Beside our sources its sources are run, beside what was built of us what was built of it. */
const IS_SOURCE = import.meta.url.endsWith('.ts')
const MAIN = fileURLToPath(
  new URL(IS_SOURCE ? '../../../../apps/relay/src/main.ts' : '../../../../apps/relay/bin/holdfast.js', import.meta.url),
)
const COMMAND: readonly string[] = IS_SOURCE ? ['--conditions=@holdfast/source', MAIN] : [MAIN]

/** Node keeps what it compiled: starting the command again and again costs half the time. */
const COMPILE_CACHE = join(tmpdir(), 'holdfast-compile-cache')

export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string
  readonly out: string
  readonly err: string
}

export interface RelayProcess {
  readonly child: ChildProcess
  readonly pid: number
  readonly url: string
  /** The one that it printed. */
  readonly token: string
  /** The lines on its standard error so far, as it said them: JSON objects. */
  said(): readonly Readonly<Record<string, unknown>>[]
  readonly closed: Promise<Ended>
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended>
}

export interface RelayRun {
  readonly data: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Put before the command: a tracer, a limit. */
  readonly through?: readonly string[]
}

/** The process ended before it listened. */
export class NotStartedError extends Error {
  override readonly name = 'NotStartedError'
  readonly code = 'NOT_STARTED'
  readonly ended: Ended

  constructor(ended: Ended) {
    super(`holdfast serve ended (${ended.code}) instead of listening: ${ended.err.trim()}`)
    this.ended = ended
  }
}

const ENVIRONMENT = {
  PATH: process.env.PATH ?? '',
  HOME: '/nowhere',
  HOLDFAST_TOKEN: ADMIN_TOKEN,
  NODE_COMPILE_CACHE: COMPILE_CACHE,
}

/** Runs the command with these arguments until it ends. */
export async function runHoldfast(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [...COMMAND, ...args], { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code ?? signal, out, err }
}

/** The command without waiting for anything. `ready` rejects with a NotStartedError when it ends before it listens. */
export function spawnRelay(run: RelayRun): {
  readonly child: ChildProcess
  readonly closed: Promise<Ended>
  readonly ready: Promise<RelayProcess>
} {
  const serve = ['serve', '--json', '--port', '0', '--data', run.data, ...(run.args ?? [])]
  const [file = '', ...args] = [...(run.through ?? []), process.execPath, ...COMMAND, ...serve]
  const child = spawn(file, args, {
    env: { ...ENVIRONMENT, ...run.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const closed = once(child, 'close').then(([code, signal]): Ended => ({ code: code ?? signal, out, err }))
  const ready = new Promise<RelayProcess>((resolve, reject) => {
    void closed.then((ended) => reject(new NotStartedError(ended)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const isFirst = !out.includes('\n')
      out += text
      if (!isFirst || !out.includes('\n')) return
      const { url, token } = JSON.parse(out.slice(0, out.indexOf('\n'))) as { url: string; token: string }
      resolve({
        child,
        pid: child.pid ?? 0,
        url,
        token,
        said: () => linesOf(err),
        closed,
        end(signal) {
          child.kill(signal)
          return closed
        },
      })
    })
  })
  ready.catch(() => undefined)
  return { child, closed, ready }
}

/** Runs `holdfast serve` on a data folder until it listens. */
export function startRelay(run: RelayRun): Promise<RelayProcess> {
  return spawnRelay(run).ready
}

function linesOf(err: string): Readonly<Record<string, unknown>>[] {
  return err
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
}
