import type { Random } from '@holdfast/testkit'
import { mutate } from './mutate.ts'
import { shrink } from './shrink.ts'
import type { Target } from './target.ts'

export interface Finding {
  readonly target: string
  readonly why: string
  /** As few bytes as still break it. */
  readonly bytes: Uint8Array
}

export interface Fuzzed {
  readonly inputs: number
  /** How many different things were seen. */
  readonly sights: number
  /** The longest that one input took, in ms, and how long it was. */
  readonly slowest: { readonly milliseconds: number; readonly bytes: number }
  readonly findings: readonly Finding[]
}

/** More inputs than this are not gone on from: the newest take the place of the oldest. */
const MOST_KEPT = 4_000
/** Findings of the same kind are told once. */
const MOST_FINDINGS = 20

/**
 * Changes inputs until `isOver`, and goes on from those that showed something not seen before. Coverage in the words of the reader: what it
 * calls garbage and why, what kinds of structs it met.
 */
export function fuzz(
  target: Target,
  seeds: readonly Uint8Array[],
  random: Random,
  now: () => number,
  isOver: () => boolean,
): Fuzzed {
  const kept = seeds.slice()
  const seen = new Set<string>()
  const findings = new Map<string, Finding>()
  let inputs = 0
  let slowest = { milliseconds: 0, bytes: 0 }
  while (!isOver() && findings.size < MOST_FINDINGS) {
    const bytes = mutate(random.pick(kept), random, kept)
    inputs += 1
    const begun = now()
    const outcome = attempt(target, bytes)
    const milliseconds = now() - begun
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, bytes: bytes.length }
    if (outcome.kind === 'broken') {
      if (!findings.has(outcome.why)) {
        const small = shrink(bytes, (candidate) => isSame(target, candidate, outcome.why))
        findings.set(outcome.why, { target: target.name, why: outcome.why, bytes: small })
      }
    } else if (!seen.has(kindOf(outcome.seen))) {
      seen.add(kindOf(outcome.seen))
      if (kept.length < MOST_KEPT) kept.push(bytes)
      else kept[seeds.length + (seen.size % (MOST_KEPT - seeds.length))] = bytes
    }
  }
  return { inputs, sights: seen.size, slowest, findings: [...findings.values()] }
}

/** Numbers and single characters in a reason are not what makes it another. */
function kindOf(seen: string): string {
  return seen.replace(/\d+/g, '#').replace(/'.'/gs, "'.'")
}

type Outcome = { readonly kind: 'fine'; readonly seen: string } | { readonly kind: 'broken'; readonly why: string }

export function attempt(target: Target, bytes: Uint8Array): Outcome {
  try {
    return { kind: 'fine', seen: target.run(bytes).seen }
  } catch (error) {
    return { kind: 'broken', why: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  }
}

function isSame(target: Target, bytes: Uint8Array, why: string): boolean {
  const outcome = attempt(target, bytes)
  return outcome.kind === 'broken' && outcome.why === why
}
