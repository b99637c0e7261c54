import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Target } from './client/stock.ts'
import { type ContenderName, commandOf, TOKEN, targetOf } from './contenders.ts'

/** One contender's server as a process of its own over a folder. */
export class Server implements AsyncDisposable {
  readonly name: ContenderName
  readonly target: Target
  readonly pid: number
  readonly #child: ChildProcess

  private constructor(name: ContenderName, child: ChildProcess, port: number) {
    this.name = name
    this.#child = child
    this.pid = child.pid!
    this.target = targetOf(name, port)
  }

  static async start(name: ContenderName, peers: string, folder: string): Promise<Server> {
    const child = spawn(process.execPath, commandOf(name, peers, folder), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOLDFAST_TOKEN: TOKEN },
    })
    const killIt = (): void => void child.kill('SIGKILL')
    process.once('exit', killIt)
    child.once('exit', () => process.off('exit', killIt))
    let complaints = ''
    // Read to the end, so that no server waits for us; of what hostile peers make it say, the beginning is enough.
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaints.length < 4_000) complaints += chunk.toString()
    })
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = portIn(line)
        if (found !== null) resolve(found)
      })
      child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${complaints}`)))
    })
    return new Server(name, child, port)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!this.isRunning) return
    const gone = once(this.#child, 'exit')
    this.#child.kill(signal)
    // One that does not end when it is asked to is made to.
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await gone
    clearTimeout(late)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }
}

/** Of the line that says that it listens; others it may say what it wants in. */
function portIn(line: string): number | null {
  try {
    const said = JSON.parse(line) as { port?: number; url?: string }
    return said.port ?? (said.url === undefined ? null : Number(new URL(said.url).port))
  } catch {
    return null
  }
}
