import type { Compactor } from '../compaction.ts'
import { requireLive } from '../head.ts'
import type { CompactResult, DocumentRef } from '../types.ts'
import { pack } from './brotli.ts'
import type { Handle } from './handle.ts'
import { findDocument, readDocument } from './lookup.ts'
import type { RecordContent } from './values.ts'
import type { Writer } from './writer.ts'

/** Roughly what LevelDB's log holds of a commit besides the update: the keys, the head, the commit's own number. */
const COMMIT_BYTES = 70

/**
 * Smaller states, of conversations of some 30 messages, stay as they are: unpacking costs as much as a fifth of all else of opening one, and LevelDB
 * packs its blocks by itself, to 0.36 of the JSON where Brotli would come to 0.26 (decision 0134).
 */
const PLAIN_BYTES = 32 * 1024

/**
 * Compacts one document: reads what is there, merges it elsewhere, and puts the result in its place with one commit (U10). Appends
 * that came meanwhile have higher numbers and stay as they are.
 */
export async function compactDocument(
  ref: DocumentRef,
  handle: Handle,
  writer: Writer,
  compactor: Compactor,
  onFreed: (number: number, bytes: number) => void,
): Promise<CompactResult> {
  const read = await handle.read(async (view) => {
    const state = await findDocument(view, ref)
    const head = requireLive(ref, state?.head ?? null)
    const number = state?.number ?? 0
    return { number, head, stored: await readDocument(view, ref, number, head) }
  })
  const { number, head, stored } = read
  const { snapshot, updates } = stored.loaded
  const bytesBefore = head.stats.snapshotBytes + head.stats.tailBytes
  const unchanged = { through: head.seq, bytesBefore, bytesAfter: bytesBefore }
  if (updates.length === 0) return { outcome: 'nothing-to-do', ...unchanged }
  const state = await compactor.compact(snapshot === null ? updates : [snapshot, ...updates])
  const content = await packed(state)
  const bytesAfter = content.bytes.byteLength

  return new Promise((resolve, reject) => {
    writer.submit({
      ref,
      bytes: bytesAfter,
      reject,
      plan(transaction) {
        const now = transaction.head(ref)
        const covered = head.seq - head.stats.tailUpdates
        if (now?.kind !== 'live' || now.epoch !== head.epoch || now.seq - now.stats.tailUpdates !== covered) {
          return () => resolve({ outcome: 'superseded', ...unchanged })
        }
        const stats = {
          snapshotBytes: bytesAfter,
          tailUpdates: now.seq - head.seq,
          tailBytes: now.stats.tailBytes - head.stats.tailBytes,
        }
        transaction.replace(ref, { ...now, stats }, head.seq, content, stored.keys)
        return () => {
          onFreed(number, bytesBefore + head.stats.tailUpdates * COMMIT_BYTES)
          resolve({ outcome: 'compacted', through: head.seq, bytesBefore, bytesAfter })
        }
      },
    })
  })
}

async function packed(state: Uint8Array): Promise<RecordContent & { kind: 'state' }> {
  if (state.byteLength > PLAIN_BYTES) {
    const bytes = await pack(state)
    if (bytes.byteLength < state.byteLength) return { kind: 'state', coding: 'brotli', bytes }
  }
  return { kind: 'state', coding: 'plain', bytes: state }
}
