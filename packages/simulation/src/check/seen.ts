import type { Shown } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import * as Y from 'yjs'
import { SPACE } from '../machines/device.ts'
import type { Failure } from '../machines/world.ts'
import type { Shadowed } from './shadow.ts'

/** What relays over one folder have shown to stock clients, of each document. */
export interface Seen {
  add(document: string, update: Uint8Array): void
  readonly updates: ReadonlyMap<string, readonly Uint8Array[]>
  copy(): Seen
}

export function createSeen(known: Seen['updates'] = new Map()): Seen {
  const updates = new Map(Array.from(known, ([document, all]) => [document, [...all]]))
  return {
    add: (document, update) => {
      const all = updates.get(document) ?? []
      updates.set(document, all)
      all.push(update)
    },
    updates,
    copy: () => createSeen(updates),
  }
}

export interface ServingOptions {
  readonly isPurged: (document: string) => boolean
  /** The disk failed while it was brought in: then it need only be there for the next start to try again. */
  readonly diskFailed: boolean
}

/** `seen-survives`: what was shown before is on the disk now that a relay begins to serve. */
export async function findForgotten(
  { folder, ahead, seen }: Pick<Shadowed, 'folder' | 'ahead' | 'seen'>,
  { isPurged, diskFailed }: ServingOptions,
): Promise<Failure[]> {
  // As it is at this moment: what is written while it is read here is too late.
  const log = createMemoryLog({ folder: folder.copy() })
  const waiting: readonly Shown[] = diskFailed ? ahead.shown : []
  const shown = Array.from(seen.updates, ([document, updates]) => ({ document, updates: [...updates] }))
  const failures: Failure[] = []
  for (const { document, updates } of shown) {
    if (isPurged(document)) continue
    const stored = await log.load({ space: SPACE, document })
    const kept = waiting.filter((one) => one.document === document).map(({ update }) => update)
    const there = [...(stored?.snapshot ? [stored.snapshot] : []), ...(stored?.updates ?? []), ...kept]
    const news = countNews(there, updates)
    if (news > 0) {
      const what = `${document}: ${news} of ${updates.length} updates that were shown are not on the disk`
      failures.push({ rule: 'seen-survives', what })
    }
  }
  return failures
}

/** How many of them say something to who has what is there: deletions count too. */
function countNews(there: readonly Uint8Array[], updates: readonly Uint8Array[]): number {
  const doc = new Y.Doc()
  for (const update of there) Y.applyUpdate(doc, update)
  let isNews = false
  let news = 0
  doc.on('update', () => {
    isNews = true
  })
  for (const update of updates) {
    const waited = waits(doc)
    isNews = false
    Y.applyUpdate(doc, update)
    // What builds on what is not there waits, and changes nothing.
    if (isNews || waits(doc) > waited) news++
  }
  doc.destroy()
  return news
}

function waits({ store: { pendingStructs, pendingDs } }: Y.Doc): number {
  return (pendingStructs?.update.length ?? 0) + (pendingDs?.length ?? 0)
}
