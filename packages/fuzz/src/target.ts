import type { Kind } from './corpus.ts'

/** Something that reads hostile bytes, and what must hold whatever they are. */
export interface Target {
  readonly name: string
  readonly kind: Kind
  /**
   * Reads one input. What it returns names what it saw: an input that shows something new is kept to go on from.
   * @throws Broken when a rule does not hold; anything else that is thrown is a finding too
   */
  run(bytes: Uint8Array): Sight
}

export interface Sight {
  readonly verdict: 'garbage' | 'good'
  readonly seen: string
}

/** A rule that did not hold. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

export function mustBe(holds: boolean, what: string): void {
  if (!holds) throw new Broken(what)
}
