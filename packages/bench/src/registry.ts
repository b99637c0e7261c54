import type { Benchmark } from './benchmark.ts'
import { conversation } from './benchmarks/conversation.ts'
import { open } from './benchmarks/open.ts'
import { relay } from './benchmarks/relay.ts'
import { saved } from './benchmarks/saved.ts'
import { start } from './benchmarks/start.ts'
import { streaming } from './benchmarks/streaming.ts'
import { sync } from './benchmarks/sync.ts'
import { token } from './benchmarks/token.ts'

/** In the order of docs/benchmarks.md. */
export const benchmarks: readonly Benchmark[] = [start, open, saved, token, streaming, conversation, ...sync, ...relay]
