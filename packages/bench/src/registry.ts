import type { Benchmark } from './benchmark.ts'
import { conversation } from './benchmarks/conversation.ts'
import { streaming } from './benchmarks/streaming.ts'

/** In the order of docs/benchmarks.md. */
export const benchmarks: readonly Benchmark[] = [conversation, streaming]
