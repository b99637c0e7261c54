import { readFileSync } from 'node:fs'

/** What is fuzzed, by the name of its file in `corpus/`. */
export const KINDS = ['updates', 'stock-frames', 'client-frames', 'relay-frames'] as const
export type Kind = (typeof KINDS)[number]

export interface Sample {
  readonly name: string
  readonly bytes: Uint8Array
  /** What the reader must say of it. `any`: only that it says something. */
  readonly verdict: 'garbage' | 'good' | 'any'
}

type Entry = readonly [name: string, hex: string, verdict: Sample['verdict']]

/** The samples of one kind: good ones to begin from, hostile ones that were written by hand, and every input that once broke something. */
export function corpus(kind: Kind): readonly Sample[] {
  const file = new URL(`../corpus/${kind}.json`, import.meta.url)
  const entries = JSON.parse(readFileSync(file, 'utf8')) as readonly Entry[]
  return entries.map(([name, hex, verdict]) => ({ name, bytes: Uint8Array.from(Buffer.from(hex, 'hex')), verdict }))
}
