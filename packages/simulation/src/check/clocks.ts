import * as Y from 'yjs'

/** What is known to be kept in one place, of each document: how far each Yjs client's text is there without a gap. */
export interface Clocks {
  stored(document: string, update: Uint8Array): void
  gone(document: string): void
  clear(): void
  has(document: string, client: number, clock: number): boolean
  knows(document: string): boolean
  copy(): Clocks
}

/** Pieces [from, to) in order of `from`, apart from each other. */
type Pieces = (readonly [number, number])[]

function join(pieces: Pieces, from: number, to: number): Pieces {
  const apart = pieces.filter(([a, b]) => b < from || a > to)
  const touching = pieces.filter(([a, b]) => b >= from && a <= to)
  const whole = touching.reduce<readonly [number, number]>(
    ([low, high], [a, b]) => [Math.min(low, a), Math.max(high, b)],
    [from, to],
  )
  return [...apart, whole].sort(([a], [b]) => a - b)
}

export function createClocks(known: ReadonlyMap<string, ReadonlyMap<number, Pieces>> = new Map()): Clocks {
  const documents = new Map(Array.from(known, ([document, clients]) => [document, new Map(clients)]))
  return {
    stored: (document, update) => {
      const clients = documents.get(document) ?? new Map<number, Pieces>()
      documents.set(document, clients)
      const { from, to } = Y.parseUpdateMeta(update)
      for (const [client, end] of to) {
        clients.set(client, join(clients.get(client) ?? [], from.get(client) ?? 0, end))
      }
    },
    gone: (document) => {
      documents.delete(document)
    },
    clear: () => documents.clear(),
    has: (document, client, clock) => {
      const [first] = documents.get(document)?.get(client) ?? []
      return first !== undefined && first[0] === 0 && first[1] >= clock
    },
    knows: (document) => documents.has(document),
    copy: () => createClocks(documents),
  }
}
