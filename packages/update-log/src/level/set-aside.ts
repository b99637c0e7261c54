import { isUpdateLogError, UpdateLogError } from '../errors.ts'
import type { DocumentRef, SetAside } from '../types.ts'
import type { View } from './database.ts'
import type { Folder } from './folder.ts'
import { findDocument, readDocument } from './lookup.ts'
import { describe, keepCopy, type Salvage, salvage } from './salvage.ts'
import type { Transaction } from './transaction.ts'
import type { Writer } from './writer.ts'

/** Others may be writing it at the same moment; then it is looked at again. */
const TRIES = 5

interface Found {
  readonly salvage: Salvage
  readonly copy: string
  readonly detail: string
}

/** Mends one document, see `UpdateLog.setAside`. */
export async function setAside(
  ref: DocumentRef,
  folder: Folder,
  writer: Writer,
  draw: () => string,
): Promise<SetAside> {
  for (let tries = 1; ; tries += 1) {
    const done = await trySetAside(ref, folder, writer, draw)
    if (done !== 'busy') return done
    if (tries === TRIES) throw new UpdateLogError('STORAGE_FAILED', `${ref.document} is being written all the time.`)
  }
}

function trySetAside(ref: DocumentRef, folder: Folder, writer: Writer, draw: () => string): Promise<SetAside | 'busy'> {
  return new Promise((resolve, reject) => {
    let found: Found | null = null
    writer.submit({
      ref,
      bytes: 0,
      isMending: true,
      reject,
      async prepare(view) {
        const why = await damageOf(view, ref)
        if (why === null) return
        const left = await salvage(view, ref, draw)
        const copy = await keepCopy(folder, ref, left, why, draw())
        found = { salvage: left, copy, detail: describe(ref, left, why, copy) }
      },
      plan(transaction) {
        const { found: seen } = { found }
        if (seen === null) return () => resolve({ kind: 'sound' })
        // What was staged since was planned on what is mended now.
        if (transaction.has(ref)) return () => resolve('busy')
        stage(transaction, ref, seen.salvage, draw)
        const kept = seen.salvage.head?.kind === 'live' ? seen.salvage.head.seq : 0
        return () => resolve({ kind: 'set-aside', kept, detail: seen.detail, copy: seen.copy })
      },
    })
  })
}

/** @returns what is wrong with the document; null when nothing is */
async function damageOf(view: View, ref: DocumentRef): Promise<string | null> {
  try {
    const state = await findDocument(view, ref)
    if (state?.head.kind === 'live') await readDocument(view, ref, state.number, state.head)
    return null
  } catch (error) {
    if (isUpdateLogError(error, 'DAMAGED')) return error.message.replace(/^.* is damaged: |\.$/g, '')
    throw error
  }
}

function stage(transaction: Transaction, ref: DocumentRef, left: Salvage, draw: () => string): void {
  const { number, head, before, removed } = left
  if (head === null) {
    transaction.forget(ref, [...removed, ...left.entries.map(({ key }) => key)])
  } else {
    transaction.mend(ref, number, head, removed, left.summary === 'lost' ? null : undefined)
  }
  const isWhole = head !== null && (head.kind === 'purged' || (before !== null && head.seq >= before))
  if (!isWhole) transaction.incarnation = draw()
}
