import { type BlobReference, type BlobReferences, isConversation } from './blob-references.ts'

interface Kept {
  readonly blobs: Map<string, unknown>
  readonly uploads: Set<string>
}

/** References of a space that is kept in memory. */
export interface MemoryReferences {
  note(owner: string, sha256: string): void
  retell(owner: string): void
  /** An owner names nothing any more; `heir` does in its place, or blobs go that nobody names. */
  release(kept: Kept, owner: string, heir: string | null): void
  port(kept: Kept, check: (operation: 'read' | 'write') => Promise<void>): BlobReferences
}

export function memoryReferences(): MemoryReferences {
  /** Blobs by owner. */
  const named = new Map<string, Set<string>>()
  const untold = new Map<string, Set<string>>()
  let tally: string | null = null

  const add = (to: Map<string, Set<string>>, owner: string, sha256: string): void => {
    to.set(owner, (to.get(owner) ?? new Set()).add(sha256))
  }
  const owners = (sha256: string): string[] =>
    [...named].filter(([, hashes]) => hashes.has(sha256)).map(([owner]) => owner)
  const queue = ({ blobs, uploads }: Kept, hashes: readonly string[]): string[] => {
    const here = hashes.filter((sha256) => blobs.has(sha256))
    for (const sha256 of here) uploads.add(sha256)
    return here
  }
  const retell = (owner: string): void => {
    for (const sha256 of named.get(owner) ?? []) add(untold, owner, sha256)
  }

  return {
    note: (owner, sha256) => {
      if (isConversation(owner) && !named.get(owner)?.has(sha256)) add(untold, owner, sha256)
      add(named, owner, sha256)
    },
    retell,
    release: ({ blobs, uploads }, owner, heir) => {
      const hashes = named.get(owner) ?? []
      named.delete(owner)
      untold.delete(owner)
      for (const sha256 of hashes) {
        if (heir !== null) add(named, heir, sha256)
        if (owners(sha256).length > 0) continue
        blobs.delete(sha256)
        uploads.delete(sha256)
      }
    },
    port: (kept, check) => ({
      untold: async (limit, after) => {
        await check('read')
        const key = ({ conversation, sha256 }: BlobReference): string => `${conversation}/${sha256}`
        return [...untold]
          .flatMap(([conversation, hashes]) => Array.from(hashes, (sha256) => ({ conversation, sha256 })))
          .filter((reference) => !after || key(reference) > key(after))
          .sort((a, b) => (key(a) < key(b) ? -1 : 1))
          .slice(0, limit)
      },
      tally: async () => {
        await check('read')
        return tally
      },
      told: async (conversation, hashes, missing, { from, to }) => {
        await check('write')
        if (from !== tally) return null
        tally = to
        for (const sha256 of hashes) {
          untold.get(conversation)?.delete(sha256)
          if (!missing.includes(sha256)) kept.uploads.delete(sha256)
        }
        return queue(kept, missing)
      },
      refused: async (conversation, hashes) => {
        await check('write')
        for (const sha256 of hashes) untold.get(conversation)?.delete(sha256)
      },
      retell: async (before) => {
        await check('write')
        if (before !== tally) return
        tally = null
        for (const owner of named.keys()) if (isConversation(owner)) retell(owner)
      },
      want: async (hashes) => {
        await check('write')
        return queue(kept, hashes)
      },
      owners: async (sha256) => {
        await check('read')
        return owners(sha256)
      },
      any: async () => {
        await check('read')
        return kept.blobs.size > 0 || named.size > 0
      },
    }),
  }
}
