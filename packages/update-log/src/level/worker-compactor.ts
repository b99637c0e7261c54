import { Worker } from 'node:worker_threads'
import type { Compactor } from '../compaction.ts'
import { UpdateLogError } from '../errors.ts'
import type { Reply, Request } from './compact-worker.ts'
import { reasonOf } from './faults.ts'

export interface WorkerCompactorOptions {
  /** Milliseconds that one document may take; what takes longer is given up and its thread ended. */
  readonly timeLimit?: number
  /** Megabytes of heap that the thread may use. */
  readonly memoryLimit?: number
  /** Milliseconds that an idle thread is kept. */
  readonly linger?: number
  /** The thread's script, for programs that bundle this package. */
  readonly script?: URL
  /** Calls back once after so many milliseconds unless stopped. */
  readonly after?: (milliseconds: number, run: () => void) => () => void
}

interface Task {
  readonly updates: Request
  readonly resolve: (state: Uint8Array) => void
  readonly reject: (error: Error) => void
}

// The sources are run as they are by Node 24; what is built of them has another ending.
const SCRIPT = new URL(import.meta.url.endsWith('.ts') ? './compact-worker.ts' : './compact-worker.js', import.meta.url)

/**
 * Compacts in a thread of its own, one document at a time: what clients sent can be made to cost seconds and gigabytes, and must stall
 * nobody. The thread is started when needed and ended when idle.
 */
export function createWorkerCompactor(options: WorkerCompactorOptions = {}): Compactor {
  const { timeLimit = 30_000, memoryLimit = 512, linger = 10_000, script = SCRIPT, after = nodeTimer } = options
  const tasks: Task[] = []
  let worker: Worker | null = null
  let current: Task | null = null
  let stopTimer: () => void = () => undefined
  let closed = false

  function settle(run: (task: Task) => void): void {
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
    settle((task) => task.reject(new UpdateLogError('COMPACTION_FAILED', `The compaction was given up: ${why}.`)))
  }

  function start(): Worker {
    const started = new Worker(script, {
      resourceLimits: { maxOldGenerationSizeMb: memoryLimit },
      // Nothing of the parent's command line (inspector ports, test loaders) belongs into it.
      execArgv: [],
    })
    started.unref()
    started.on('message', (reply: Reply) => {
      settle((task) => {
        if (reply.ok) task.resolve(reply.state)
        else task.reject(new UpdateLogError('COMPACTION_REFUSED', reply.reason))
      })
    })
    started.on('error', (error) => giveUp(reasonOf(error)))
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
    worker.postMessage(current.updates)
  }

  return {
    compact(updates) {
      if (closed) return Promise.reject(new UpdateLogError('CLOSED', 'The compactor is closed.'))
      return new Promise((resolve, reject) => {
        tasks.push({ updates, resolve, reject })
        next()
      })
    },
    async close() {
      closed = true
      stopTimer()
      const gone = new UpdateLogError('CLOSED', 'The compactor is closed.')
      for (const task of tasks.splice(0)) task.reject(gone)
      current?.reject(gone)
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
