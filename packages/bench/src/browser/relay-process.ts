import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..')

/** What `holdfast serve --json` says when it is ready. */
export interface Listening {
  readonly url: string
  readonly token: string
  readonly space: string
}

/** The real `holdfast serve` as a process of its own, over a data folder that may be filled before. */
export class RelayProcess implements AsyncDisposable {
  readonly listening: Listening
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, listening: Listening) {
    this.child = child
    this.listening = listening
  }

  static async start(data: string): Promise<RelayProcess> {
    const command = join(ROOT, 'apps', 'relay', 'bin', 'holdfast.js')
    const child = spawn(process.execPath, [command, 'serve', '--json', '--port', '0', '--data', data], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    // A benchmark that fails outright must not leave it behind.
    process.once('exit', () => child.kill())
    let complaints = ''
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString()
    })
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`holdfast serve ended with ${code}: ${complaints}`)
    })
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
    // It ends when we end it; only an end before it was ready is an error.
    ended.catch(() => undefined)
    return new RelayProcess(child, JSON.parse(String(line)) as Listening)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    await gone
  }
}
