import type { Benchmark } from '../benchmark.ts'
import { measureCatchUp } from './sync-catch-up.ts'
import { measureHistory } from './sync-history.ts'
import { measureLatency } from './sync-latency.ts'
import { measureOutbox } from './sync-outbox.ts'

export const sync: Benchmark = {
  name: 'sync',
  title: 'A whole space over one socket',
  about:
    'The store in Chromium over its own IndexedDB, strict, and the real relay, which fsyncs before it acknowledges; one `/sync` socket. Rates are given as the time that so much takes. What ends each figure is in the notes; why they are taken so is decided in [decisions/0075](decisions/0075-figures-of-a-whole-space.md).',
  usesBrowser: true,
  async run(bench) {
    const parts = []
    for (const measure of [measureOutbox, measureCatchUp, measureLatency, measureHistory])
      parts.push(await measure(bench))
    return { figures: parts.flatMap(({ figures }) => figures), notes: parts.flatMap(({ notes }) => notes) }
  },
}
