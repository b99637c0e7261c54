import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

export interface Listening {
  readonly url: string
  readonly token: string
  readonly space: string
  readonly data: string
}

/** The real `holdfast serve`, as a process that a test may kill and start again on the same port and folder. */
export class RelayProcess {
  readonly data: string
  /** More for `holdfast serve`. Takes effect with `start`. */
  flags: readonly string[] = []
  private child: ChildProcess | undefined
  private port = 0
  private said: Listening | undefined
  /** What the process printed to standard error, for a failing test to show. */
  stderr = ''

  private constructor(data: string) {
    this.data = data
  }

  static async start(): Promise<RelayProcess> {
    const relay = new RelayProcess(await mkdtemp(join(tmpdir(), 'holdfast-e2e-')))
    await relay.start()
    return relay
  }

  get listening(): Listening {
    if (this.said === undefined) throw new Error('the relay has not started')
    return this.said
  }

  /** The address that a person is given: it opens the app and hands it the token. */
  get address(): string {
    return `${this.listening.url}/#token=${this.listening.token}`
  }

  async start(): Promise<Listening> {
    const child = spawn(
      join(root, 'node_modules', '.bin', 'node'),
      [
        join(root, 'apps/relay/bin/holdfast.js'),
        'serve',
        '--json',
        '--port',
        String(this.port),
        '--data',
        this.data,
        ...this.flags,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.child = child
    child.stderr!.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    const lines = createInterface({ input: child.stdout! })
    const line = await Promise.race([
      once(lines, 'line').then(([text]) => String(text)),
      once(child, 'exit').then(([code]) => {
        throw new Error(`holdfast serve ended with ${code}: ${this.stderr}`)
      }),
    ])
    this.said = JSON.parse(line) as Listening
    this.port = Number(new URL(this.said.url).port)
    return this.said
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
    this.child = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL')
    await rm(this.data, { recursive: true, force: true })
  }
}
