import { Worker } from 'node:worker_threads'

export interface ThreadOptions {
  /** What it runs: takes one request per message and posts one `ThreadReply`. */
  readonly script: URL
  /** Milliseconds that one task may take; what takes longer is given up and the thread ended. */
  readonly timeLimit: number
  /** Megabytes of heap that the thread may use. */
  readonly memoryLimit: number
  /** Milliseconds that an idle thread is kept. */
  readonly linger: number
  /** Calls back once after so many milliseconds unless stopped. */
  readonly after?: (milliseconds: number, run: () => void) => () => void
  /** Makes the error of a task that was refused, given up, or came too late. */
  readonly fail: (why: ThreadFailure, reason: string) => Error
}

/** `refused`: the script said no. `given-up`: it took too long or too much memory. `closed`: asked for after `close`. */
export type ThreadFailure = 'refused' | 'given-up' | 'closed'

export type ThreadReply<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly reason: string }

/** Work done elsewhere, one task at a time, in the order asked. */
export interface Thread<Request, Result> {
  /** @throws what `fail` makes */
  run(request: Request): Promise<Result>
  close(): Promise<void>
}

interface Task<Request, Result> {
  readonly request: Request
  readonly resolve: (result: Result) => void
  readonly reject: (error: Error) => void
}

/**
 * A thread that does one task at a time within limits: what clients sent can be made to cost seconds and gigabytes, and must stall nobody.
 * It is started when needed and ended when idle; a task over its limits costs the thread, and the next one gets another.
 */
export function createThread<Request, Result>(options: ThreadOptions): Thread<Request, Result> {
  const { script, timeLimit, memoryLimit, linger, after = nodeTimer, fail } = options
  const tasks: Task<Request, Result>[] = []
  let worker: Worker | null = null
  let current: Task<Request, Result> | null = null
  let stopTimer: () => void = () => undefined
  let closed = false

  function settle(run: (task: Task<Request, Result>) => void): void {
    stopTimer()
    const task = current
    current = null
    if (task !== null) run(task)
    next()
  }

  /** Ends the thread; `current` gets this reason, the others another thread. */
  function giveUp(why: string): void {
    const old = worker
    worker = null
    old?.removeAllListeners()
    // A thread that is being ended may still fail; nobody waits for it any more.
    old?.on('error', () => undefined)
    void old?.terminate()
    settle((task) => task.reject(fail('given-up', why)))
  }

  function start(): Worker {
    const started = new Worker(script, {
      resourceLimits: { maxOldGenerationSizeMb: memoryLimit },
      // Nothing of the parent's command line (inspector ports, test loaders) belongs into it; sources find each other's sources.
      execArgv: script.pathname.endsWith('.ts') ? ['--conditions=@holdfast/source'] : [],
    })
    started.unref()
    started.on('message', (reply: ThreadReply<Result>) => {
      settle((task) => {
        if (reply.ok) task.resolve(reply.result)
        else task.reject(fail('refused', reply.reason))
      })
    })
    started.on('error', (error: unknown) => giveUp(error instanceof Error ? error.message : String(error)))
    started.on('exit', () => {
      if (worker === started) giveUp('its thread ended')
    })
    return started
  }

  function next(): void {
    if (current !== null) return
    current = tasks.shift() ?? null
    if (current === null) {
      stopTimer = worker === null ? () => undefined : after(linger, () => giveUp('idle'))
      return
    }
    stopTimer()
    worker ??= start()
    // While a task is with it, the thread keeps the process alive; idle, it does not.
    worker.ref()
    stopTimer = after(timeLimit, () => giveUp(`it took more than ${timeLimit} ms`))
    worker.postMessage(current.request)
  }

  return {
    run(request) {
      if (closed) return Promise.reject(fail('closed', 'closed'))
      return new Promise((resolve, reject) => {
        tasks.push({ request, resolve, reject })
        next()
      })
    },
    async close() {
      closed = true
      stopTimer()
      for (const task of tasks.splice(0)) task.reject(fail('closed', 'closed'))
      current?.reject(fail('closed', 'closed'))
      current = null
      const old = worker
      worker = null
      await old?.terminate()
    },
  }
}

function nodeTimer(milliseconds: number, run: () => void): () => void {
  const timer = setTimeout(run, milliseconds)
  timer.unref()
  return () => clearTimeout(timer)
}
