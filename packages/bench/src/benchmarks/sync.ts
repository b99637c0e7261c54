import type { Benchmark } from '../benchmark.ts'
import { measureHistory } from './sync-history.ts'
import { measureLatency } from './sync-latency.ts'
import { measureOutbox } from './sync-outbox.ts'
import { measureSpace } from './sync-space.ts'

const HOW =
  'The store in Chromium over its own IndexedDB, strict, and the real relay, which fsyncs before it acknowledges; one `/sync` socket. Rates are given as the time that so much takes. Why it is taken so: [decisions/0075](decisions/0075-figures-of-a-whole-space.md).'

/** A whole space over one socket: `npm run bench -- sync` runs them all. */
export const sync: readonly Benchmark[] = [
  {
    name: 'sync-outbox',
    title: 'What was written offline in closed conversations, sent and acknowledged',
    about: HOW,
    usesBrowser: true,
    run: measureOutbox,
  },
  {
    name: 'sync-space',
    title: 'A space of 10,000: a new device, one that comes back, one that missed some, one that idles',
    about: HOW,
    usesBrowser: true,
    run: measureSpace,
  },
  {
    name: 'sync-latency',
    title: 'From an edit to *synced*, and to another window',
    about: HOW,
    usesBrowser: true,
    run: measureLatency,
  },
  {
    name: 'sync-history',
    title: 'A conversation that was lived in, beside a fresh one',
    about:
      'One conversation opened in 1,000 sessions and edited 50 times in each, its summary with it, and the same messages written at one go. Node over LevelDB on the device and on the relay.',
    usesBrowser: false,
    run: measureHistory,
  },
]
