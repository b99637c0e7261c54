import { createMemoryFolder, type MemoryFolder } from '@holdfast/update-log/memory'
import * as Y from 'yjs'
import type { Mark } from './ledger.ts'

/** The relay's folder, and beside it what is known to be durable in it, so that it can be asked at any moment. */
export interface Shadowed {
  readonly folder: MemoryFolder
  stored(document: string, update: Uint8Array): void
  purged(document: string): void
  has(mark: Pick<Mark, 'conversation' | 'client' | 'clock'>): boolean
  copy(): Shadowed
}

type Vector = ReadonlyMap<string, ReadonlyMap<number, number>>

export function shadowed(folder: MemoryFolder = createMemoryFolder(), known: Vector = new Map()): Shadowed {
  const vectors = new Map(Array.from(known, ([document, vector]) => [document, new Map(vector)]))
  return {
    folder,
    stored: (document, update) => {
      const vector = vectors.get(document) ?? new Map<number, number>()
      vectors.set(document, vector)
      // The relay stores nothing with a gap in it, so that the highest clock is as far as it has everything.
      for (const [client, clock] of Y.parseUpdateMeta(update).to) {
        vector.set(client, Math.max(clock, vector.get(client) ?? 0))
      }
    },
    purged: (document) => {
      vectors.delete(document)
    },
    has: ({ conversation, client, clock }) => (vectors.get(conversation)?.get(client) ?? 0) >= clock,
    copy: () => shadowed(folder.copy(), vectors),
  }
}
