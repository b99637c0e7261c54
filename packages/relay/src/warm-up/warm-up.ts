import type { UpdateLog } from '@holdfast/update-log'
import { systemClock } from '../clock.ts'
import { loadAgain } from './loading.ts'
import { readAgain } from './reading.ts'
import { serveAgain } from './serving.ts'

export interface WarmUpOptions {
  /** What will be served; it is read and not changed. */
  readonly log: UpdateLog
  /** Asked every few milliseconds; on false it ends. */
  readonly isWanted: () => boolean
}

/** How often what was done. */
export interface WarmedUp {
  readonly loaded: number
  readonly served: number
  readonly read: number
}

/**
 * Has the engine compile what serving needs before anybody needs it, so that those who come first after a start do not wait for it.
 * @throws what the log's `load` throws, but for damage; Error when the made relay does not answer
 */
export async function warmUp({ log, isWanted }: WarmUpOptions): Promise<WarmedUp> {
  const served = await serveAgain(isWanted)
  const loaded = await loadAgain(log, isWanted, systemClock)
  return { served, loaded, read: await readAgain(isWanted) }
}
