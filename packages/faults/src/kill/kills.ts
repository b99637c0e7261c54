import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '@holdfast/testkit'
import { freshMemory } from './device.ts'
import { type ErrandCounts, Errands } from './errands.ts'
import { Ledger } from './ledger.ts'
import { checkAll, liveAndDie } from './session.ts'

export interface KillsOptions {
  readonly kills: number
  readonly seed: number
  readonly writers?: number
  /** Asked before each kill: whether to end here, and look at everything. */
  readonly isEnough?: () => boolean
  /** Told after each kill. */
  readonly onKill?: (done: number) => void
}

export interface KillsReport {
  readonly seed: number
  readonly kills: number
  readonly acknowledged: number
  readonly seen: number
  readonly documents: number
  readonly errands: ErrandCounts
  readonly seconds: number
  /** What was wrong; empty when nothing was. The folder is kept then. */
  readonly faults: readonly string[]
  readonly folder: string
}

/** Kills one relay on one folder again and again, and looks each time what is there. Ends at the first fault. */
export async function kills(options: KillsOptions): Promise<KillsReport> {
  const { kills: count, seed, writers = 20, onKill, isEnough = () => false } = options
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-kills-'))
  const data = join(folder, 'data')
  const random = seededRandom(seed)
  const ledger = new Ledger()
  const memory = freshMemory()
  const errands = new Errands()
  const begun = performance.now()
  let faults: string[] = []
  let done = 0
  while (done < count && faults.length === 0 && !isEnough()) {
    try {
      faults = await liveAndDie({ data, number: done + 1, random, ledger, memory, errands, writers })
    } catch (error) {
      faults = [error instanceof Error ? error.message : String(error)]
    }
    done += 1
    onKill?.(done)
  }
  if (faults.length === 0) faults = await checkAll({ data, random, ledger, memory, errands })
  if (faults.length === 0) await rm(folder, { recursive: true, force: true })
  return {
    seed,
    kills: done,
    acknowledged: ledger.acknowledged,
    seen: ledger.seen,
    documents: ledger.documents.length,
    errands: errands.counts,
    seconds: (performance.now() - begun) / 1000,
    faults: faults.map((fault) => `kill ${done}: ${fault}`),
    folder,
  }
}
