import type { Process } from './schedule.ts'

/** The part of BroadcastChannel that tabs need. */
export interface TabChannel {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  close(): void
}

/** Web Locks, as one tab has them. */
export interface TabLocks {
  request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    held: (granted: boolean) => Promise<void>,
  ): Promise<void>
  held(): Promise<ReadonlySet<string>>
}

/** When something that one tab caused happens to another: by default after the current task. */
export type Deliver = (process: Process | null, run: () => void) => void

const soon: Deliver = (_process, run) => queueMicrotask(run)

/** Channels between the tabs of one browser, delivered later and by copy as BroadcastChannel does. A tab that died neither speaks nor hears. */
export function channelHub(deliver: Deliver = soon): (name: string, process?: Process) => TabChannel {
  const members = new Map<string, Set<{ process: Process | null; receive: (message: unknown) => void }>>()
  return (name, process) => {
    const group = members.get(name) ?? new Set()
    members.set(name, group)
    let listener: ((message: unknown) => void) | null = null
    const member = { process: process ?? null, receive: (message: unknown) => listener?.(message) }
    group.add(member)
    process?.onDeath(() => group.delete(member))
    return {
      post: (message) => {
        if (process?.touch() === false) return
        const copy = structuredClone(message)
        for (const other of group) {
          if (other === member) continue
          deliver(other.process, () => {
            if (group.has(other)) other.receive(copy)
          })
        }
      },
      onMessage: (next) => {
        listener = next
      },
      close: () => {
        group.delete(member)
      },
    }
  }
}

interface Waiting {
  readonly process: Process | null
  readonly grant: () => void
  readonly leave: () => void
}

/** Web Locks of one browser. Each tab gets its own view; what it holds goes when it dies. */
export function lockManager(deliver: Deliver = soon): (process?: Process) => TabLocks {
  const queues = new Map<string, Waiting[]>()
  const advance = (name: string): void => {
    const first = queues.get(name)?.[0]
    if (first) deliver(first.process, () => queues.get(name)?.[0] === first && first.grant())
  }
  return (process) => {
    process?.onDeath(() => {
      for (const queue of queues.values()) for (const entry of [...queue]) if (entry.process === process) entry.leave()
    })
    return {
      request: (name, { ifAvailable, signal }, held) =>
        new Promise((resolve, reject) => {
          if (process && !process.touch()) return
          const queue = queues.get(name) ?? []
          queues.set(name, queue)
          if (ifAvailable && queue.length > 0) {
            resolve(held(false))
            return
          }
          let granted = false
          const abort = (): void => {
            leave()
            reject(new DOMException('aborted', 'AbortError'))
          }
          const leave = (): void => {
            const at = queue.indexOf(entry)
            if (at < 0) return
            queue.splice(at, 1)
            if (at === 0) advance(name)
          }
          const entry: Waiting = {
            process: process ?? null,
            leave,
            grant: () => {
              if (granted) return
              granted = true
              // As a browser does: what has been granted is not for a signal to take away.
              signal?.removeEventListener('abort', abort)
              held(true).then(
                () => {
                  leave()
                  resolve()
                },
                (error: unknown) => {
                  leave()
                  reject(error)
                },
              )
            },
          }
          queue.push(entry)
          signal?.addEventListener('abort', abort, { once: true })
          if (queue[0] === entry) advance(name)
        }),
      held: async () => new Set([...queues].filter(([, queue]) => queue.length > 0).map(([name]) => name)),
    }
  }
}
