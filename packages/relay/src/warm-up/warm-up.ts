import type { UpdateLog } from '@holdfast/update-log'
import { systemClock } from '../clock.ts'
import { loadAgain } from './loading.ts'
import { readAgain } from './reading.ts'
import { serveAgain } from './serving.ts'
import { whenQuiet } from './when-quiet.ts'

export interface WarmUpOptions {
  /** What will be served; it is read and not changed. */
  readonly log: UpdateLog
  /** Grows with everything that is asked, sent or told: whoever comes has the processor for themselves. Looked at every few milliseconds. */
  readonly traffic: () => number
  /** True once nobody will be served any more. */
  readonly isOver: () => boolean
}

/** How often what was done. */
export interface Warmed {
  readonly loaded: number
  readonly served: number
  readonly read: number
}

/**
 * Has the engine compile what serving needs before anybody needs it, so that those who come first after a start do not wait for it; those who come in
 * the moment of the start do, and it is done when they have been served.
 * @returns whether it was done to its end
 * @throws what the log's `load` throws, but for damage; Error when the made relay does not answer
 */
export function warmUp({ log, traffic, isOver }: WarmUpOptions): Promise<boolean> {
  return whenQuiet({ traffic, isOver, clock: systemClock, run: (isWanted) => warm(log, isWanted) })
}

/** @param isWanted asked every few milliseconds; on false it ends */
export async function warm(log: UpdateLog, isWanted: () => boolean): Promise<Warmed> {
  const served = await serveAgain(isWanted)
  const loaded = await loadAgain(log, isWanted, systemClock)
  return { served, loaded, read: await readAgain(isWanted) }
}
