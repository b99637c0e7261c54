import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Answer, Commands, Request } from './client/main.ts'

type Args<Name extends keyof Commands> = Parameters<Commands[Name]> extends [infer One] ? One : null
type Result<Name extends keyof Commands> = Awaited<ReturnType<Commands[Name]>>

const SCRIPT = new URL('./client/main.js', import.meta.url)

/** All clients, in a process of their own: one thing after another. */
export class Clients implements AsyncDisposable {
  readonly #child: ChildProcess = fork(SCRIPT, { execArgv: [] })

  async run<Name extends keyof Commands>(name: Name, args: Args<Name>): Promise<Result<Name>> {
    const ended = once(this.#child, 'exit').then(() => ({ error: `the clients ended during ${name}` }))
    const answered = once(this.#child, 'message').then(([answer]) => answer as Answer)
    this.#child.send({ name, args } satisfies Request)
    const answer: Answer = await Promise.race([answered, ended])
    if ('error' in answer) throw new Error(`${name}: ${answer.error}`)
    return answer.result as Result<Name>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
