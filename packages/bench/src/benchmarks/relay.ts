import type { Benchmark } from '../benchmark.ts'
import { relayCold } from './relay-cold.ts'
import { relayCrash } from './relay-crash.ts'
import { relayDisk } from './relay-disk.ts'
import { relayDocuments } from './relay-documents.ts'
import { relayHostile } from './relay-hostile.ts'
import { relayLatency } from './relay-latency.ts'
import { relayMemory } from './relay-memory.ts'
import { relayReturn } from './relay-return.ts'
import { relayThroughput } from './relay-throughput.ts'

/** `npm run bench -- relay`: all of them. */
export const relay: readonly Benchmark[] = [
  relayThroughput,
  relayLatency,
  relayMemory,
  relayDocuments,
  relayCold,
  relayDisk,
  relayCrash,
  relayReturn,
  relayHostile,
]
