import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { RelayEvent } from '@holdfast/relay'

export interface TidyOptions {
  /** Gives back the memory of what is no longer used. Takes some milliseconds. */
  readonly collect: () => void
  /** Calls back once after so many milliseconds unless stopped. */
  readonly after: (milliseconds: number, run: () => void) => () => void
}

/** So many documents let go are worth it. */
const MANY = 100
/** No document is opened or let go for so long. In ms. */
const QUIET_MS = 3_000

/**
 * After many documents were let go and nothing was opened since, has their memory collected: V8 would keep it until the next time that it
 * needs some, which for a relay that people have gone from is never. @returns what takes the relay's events
 */
export function createTidy({ collect, after }: TidyOptions): (event: RelayEvent) => void {
  let gone = 0
  let stop: (() => void) | null = null
  return ({ event }) => {
    if (event !== 'room-unloaded' && event !== 'room-loaded') return
    if (event === 'room-unloaded') gone += 1
    stop?.()
    stop = null
    if (gone < MANY) return
    stop = after(QUIET_MS, () => {
      stop = null
      gone = 0
      collect()
    })
  }
}

/** V8's own full collection, which Node shows to programs only so. */
export function fullCollection(): () => void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  return typeof collect === 'function' ? () => void collect() : () => undefined
}
