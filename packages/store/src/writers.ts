import type { Clock, Locks } from './environment.ts'
import type { Journal } from './journal-port.ts'
import type { Live } from './live-port.ts'
import { type Recovery, watchStreaming } from './recovery.ts'

export interface WritersOptions {
  readonly space: string
  readonly journal: Journal
  readonly locks: Locks | null
  readonly clock: Clock
  /** Messages that this store is writing. */
  readonly mine: ReadonlySet<string>
  /** More or fewer others say that they write in this conversation. */
  readonly onChange: (conversation: string) => void
}

/** Who writes in the documents in memory: others who say so, and windows of this browser that died of it (W12). */
export interface Writers {
  /** Watches this one until it is destroyed. */
  attend(live: Live): void
  /** Others who are present in it say that they write in it. */
  areBeside(live: Live): boolean
  /** Writes the end of what a dead window of this browser left. Resolves when whatever streams in it was judged. */
  recover(live: Live): Promise<void>
}

export function watchWriters({ onChange, ...options }: WritersOptions): Writers {
  const recoveries = new WeakMap<Live, Recovery>()
  return {
    attend: (live) => {
      const recovery = watchStreaming({ ...options, live })
      recoveries.set(live, recovery)
      live.restructured.add(() => void recovery.check())
      void live.loaded.then(recovery.check)
      live.onDestroy(recovery.close)
      let others = countBeside(live)
      const onPresence = (): void => {
        const now = countBeside(live)
        if (now === others) return
        others = now
        onChange(live.id)
      }
      live.onDestroy(live.presence.presence.subscribe(onPresence))
    },
    areBeside: (live) => countBeside(live) > 0,
    recover: async (live) => {
      await recoveries.get(live)?.check()
    },
  }
}

function countBeside({ presence }: Live): number {
  return presence.presence.get().filter(({ self, writing }) => !self && writing.length > 0).length
}
