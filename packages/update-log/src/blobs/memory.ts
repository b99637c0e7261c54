import { createHash, randomUUID } from 'node:crypto'
import { requireName, requireRef } from '../names.ts'
import { type BlobStore, hashMismatch, requireBlobRef, requireHashes, storeClosed, tooLarge } from './port.ts'
import { type ReferenceEvent, References, wantedOf } from './references.ts'
import { metered } from './room.ts'

interface Kept {
  readonly type: string
  readonly at: number
  readonly bytes: Uint8Array
}

interface Space {
  readonly kept: Map<string, Kept>
  readonly references: References
  receiving: number
}

/** What memory stores share one after the other, as processes share a folder. */
export interface MemoryBlobFolder {
  readonly spaces: Map<string, Space>
  /** As a copy of a folder would be. */
  copy(): MemoryBlobFolder
}

export function createMemoryBlobFolder(spaces: Map<string, Space> = new Map()): MemoryBlobFolder {
  const copyOf = ({ kept, references }: Space): Space => {
    const copied = new References()
    for (const event of references.events()) copied.apply(event)
    return { kept: new Map(kept), references: copied, receiving: 0 }
  }
  return {
    spaces,
    copy: () => createMemoryBlobFolder(new Map(Array.from(spaces, ([name, space]) => [name, copyOf(space)]))),
  }
}

/** A blob store that forgets everything with its folder, which is with the process. Passes the same contract suite as the one on disk. */
export function createMemoryBlobs({
  now = Date.now,
  randomId = randomUUID,
  folder = createMemoryBlobFolder(),
}: {
  readonly now?: () => number
  /** Names this opening: lower-case letters and digits. */
  readonly randomId?: () => string
  readonly folder?: MemoryBlobFolder
} = {}): BlobStore {
  const { spaces } = folder
  const opening = randomId().replaceAll('-', '')
  /** Spaces that were told something since. */
  const opened = new Set<Space>()
  let isClosed = false

  function spaceOf(name: string): Space {
    if (isClosed) throw storeClosed()
    requireName('space', name)
    let space = spaces.get(name)
    if (space === undefined) {
      space = { kept: new Map(), references: new References(), receiving: 0 }
      spaces.set(name, space)
    }
    return space
  }

  function check(ref: Parameters<BlobStore['stat']>[0]): Space {
    const space = spaceOf(ref.space)
    requireBlobRef(ref)
    return space
  }

  function add(space: Space, events: readonly ReferenceEvent[]): void {
    if (!opened.has(space) && events.some(({ kind }) => kind === 'refer')) {
      opened.add(space)
      space.references.apply({ kind: 'opened', name: opening })
    }
    for (const event of events) space.references.apply(event)
  }

  const bytesOf = ({ kept }: Space): number => [...kept.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)

  function removeAll(space: Space, hashes: readonly string[]) {
    const sum = { count: 0, bytes: 0 }
    for (const hash of hashes) {
      const found = space.kept.get(hash)
      add(space, [{ kind: 'forget', hash }])
      if (found === undefined) continue
      space.kept.delete(hash)
      sum.count += 1
      sum.bytes += found.bytes.length
    }
    return sum
  }

  return {
    opened: { created: true, damaged: [] },

    async put(ref, type, content, limit, { document, room = Number.POSITIVE_INFINITY } = {}) {
      const space = check(ref)
      if (document !== undefined) requireName('document', document)
      const refers = (): ReferenceEvent[] =>
        document === undefined ? [] : space.references.toRefer(document, [ref.hash])
      if (space.kept.has(ref.hash)) {
        add(space, refers())
        return { created: false }
      }
      const reserve = async (bytes: number): Promise<boolean> => {
        if (bytes > 0 && bytesOf(space) + space.receiving + bytes > room) return false
        space.receiving += bytes
        return true
      }
      const meter = metered(content, reserve, room)
      try {
        const parts: Uint8Array[] = []
        let size = 0
        for await (const part of meter.content) {
          size += part.length
          if (size > limit) throw tooLarge(limit)
          parts.push(part.slice())
        }
        const bytes = new Uint8Array(Buffer.concat(parts))
        const actual = createHash('sha256').update(bytes).digest('hex')
        if (actual !== ref.hash) throw hashMismatch(ref.hash, actual)
        add(space, refers())
        const created = !space.kept.has(ref.hash)
        if (created) space.kept.set(ref.hash, { type, at: now(), bytes })
        return { created }
      } finally {
        await meter.release()
      }
    },

    async stat(ref) {
      const found = check(ref).kept.get(ref.hash)
      return found === undefined ? null : { bytes: found.bytes.length, type: found.type }
    },

    async read(ref, range) {
      const found = check(ref).kept.get(ref.hash)
      if (found === undefined) return null
      const { type, bytes } = found
      const part = range === undefined ? bytes : bytes.subarray(range.from, range.to + 1)
      return { bytes: bytes.length, type, content: once(part.slice()) }
    },

    async verify(ref) {
      return check(ref).kept.has(ref.hash) ? 'whole' : 'absent'
    },

    async delete(ref) {
      return check(ref).kept.delete(ref.hash)
    },

    async refer(ref, hashes, since = null) {
      const space = spaceOf(ref.space)
      requireRef(ref)
      requireHashes(hashes)
      const { references, kept } = space
      const holds = since === null || references.tally.holds(since)
      add(space, references.toRefer(ref.document, hashes))
      return { missing: hashes.filter((hash) => !kept.has(hash)), tally: references.tally.now(), holds }
    },

    async release(ref) {
      const space = spaceOf(ref.space)
      requireRef(ref)
      add(space, space.references.toRelease(ref.document, now()))
    },

    async sweep(grace) {
      if (isClosed) throw storeClosed()
      const sum = { count: 0, bytes: 0 }
      for (const space of spaces.values()) {
        const { count, bytes } = removeAll(space, space.references.looseSince(now() - grace))
        sum.count += count
        sum.bytes += bytes
      }
      return sum
    },

    async collect(name, grace) {
      const space = spaceOf(name)
      const { references, kept } = space
      const before = now() - grace
      const old = [...kept].filter(
        ([hash, { at }]) => at <= before && !references.isReferred(hash) && !references.isLoose(hash),
      )
      return removeAll(space, [...references.looseSince(before), ...old.map(([hash]) => hash)])
    },

    async lossTold() {
      if (isClosed) throw storeClosed()
    },

    async wanted(name, limit, after = '') {
      const { references, kept } = spaceOf(name)
      return wantedOf(references, (hash) => kept.has(hash), limit, after)
    },

    async tally(name, since = null) {
      const { tally } = spaceOf(name).references
      return { tally: tally.now(), holds: since === null || tally.holds(since) }
    },

    async totals(name) {
      const space = spaceOf(name)
      return { count: space.kept.size, bytes: bytesOf(space) }
    },

    async spaces() {
      if (isClosed) throw storeClosed()
      const held = [...spaces].filter(
        ([, { kept, references }]) => kept.size > 0 || [...references.documents()].length > 0,
      )
      return held.map(([name]) => name)
    },

    async *blobs(name) {
      for (const [hash, { type, at, bytes }] of [...spaceOf(name).kept]) yield { hash, type, at, bytes: bytes.length }
    },

    async references(name) {
      return Array.from(spaceOf(name).references.documents(), ([document, hashes]) => ({
        document,
        hashes: [...hashes],
      }))
    },

    async quarantine() {
      if (isClosed) throw storeClosed()
      return []
    },

    async close() {
      isClosed = true
    },
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
