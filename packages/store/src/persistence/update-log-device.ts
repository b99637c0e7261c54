import type { DocumentRef, UpdateLog } from '@holdfast/update-log'
import * as Y from 'yjs'
import { mergeAll } from '../merge.ts'
import type { AsideNote, DocumentRecord, FeedCursor, WriteBatch, WritingNote } from './port.ts'

/** Cursor, drafts and notes are a Yjs document of their own in the log: small, compacted like any other. */
export const DEVICE_DOCUMENT = '~device'
const DEVICE_COMPACT_AFTER = 256

/** What a space's device keeps besides its documents. */
export function deviceDocument(log: UpdateLog, ref: DocumentRef) {
  const doc = new Y.Doc()
  const state = doc.getMap<unknown>('state')
  const drafts = doc.getMap<string>('drafts')
  const notes = doc.getMap<WritingNote>('writing')
  const asides = doc.getMap<{ readonly note: AsideNote; readonly update: Uint8Array }>('aside')
  /** Records of documents that were purged: the log keeps nothing of those. */
  const gone = doc.getMap<DocumentRecord>('gone')
  const noteKey = (note: WritingNote): string => `${note.conversation}\n${note.message}`
  let unwritten: Uint8Array[] = []
  let rows = 0
  let loaded = false
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'log') unwritten.push(update)
  })

  const flush = async (): Promise<void> => {
    if (unwritten.length === 0) return
    const update = mergeAll(unwritten)
    await log.append(ref, update)
    unwritten = []
    if (++rows >= DEVICE_COMPACT_AFTER) {
      rows = 0
      await log.compact(ref)
    }
  }

  return {
    load: async (): Promise<void> => {
      if (loaded) return
      const stored = await log.load(ref)
      for (const update of [...(stored?.snapshot ? [stored.snapshot] : []), ...(stored?.updates ?? [])]) {
        Y.applyUpdate(doc, update, 'log')
      }
      loaded = true
    },
    write: async (batch: Pick<WriteBatch, 'writing'> & { readonly cursor: FeedCursor | null }): Promise<void> => {
      doc.transact(() => {
        if (batch.cursor) state.set('cursor', { ...batch.cursor })
        for (const note of batch.writing?.add ?? []) notes.set(noteKey(note), { ...note })
        for (const note of batch.writing?.remove ?? []) notes.delete(noteKey(note))
      })
      await flush()
    },
    gone: (id: string) => gone.get(id) ?? null,
    allGone: () => [...gone.values()],
    setGone: async (record: DocumentRecord): Promise<void> => {
      gone.set(record.id, { ...record })
      await flush()
    },
    dropGone: async (id: string): Promise<void> => {
      gone.delete(id)
      await flush()
    },
    asides: () => Array.from(asides.values(), ({ note }) => note),
    aside: (key: string) => asides.get(key)?.update ?? null,
    putAside: async (note: AsideNote, update: Uint8Array): Promise<void> => {
      asides.set(note.key, { note, update })
      await flush()
    },
    dropAside: async (key: string): Promise<void> => {
      asides.delete(key)
      await flush()
    },
    cursor: () => (state.get('cursor') as FeedCursor | undefined) ?? null,
    writing: () => [...notes.values()],
    draft: (id: string) => drafts.get(id) ?? null,
    setDraft: async (id: string, text: string | null): Promise<void> => {
      if (text === null) drafts.delete(id)
      else drafts.set(id, text)
      await flush()
    },
  }
}
