import { blobsNamedIn } from '@holdfast/conversation'
import { systemRandom } from '../environment.ts'
import { asideOwner } from './blob-references.ts'
import { type MemoryReferences, memoryReferences } from './memory-blobs.ts'
import type {
  AsideNote,
  DocumentRecord,
  FeedCursor,
  Persistence,
  PersistenceHandle,
  StoredBlob,
  WriteBatch,
  WritingNote,
} from './port.ts'
import { PersistenceError } from './port.ts'
import { applyCompaction, applyRetirement, applyWrite, asideOf, freshRecord, whatHolds } from './records.ts'

/** Asked before each operation; what it throws, the operation fails with. For tests of what the store then does. */
export type Fault = (operation: 'open' | 'read' | 'write') => void | Promise<void>

export interface MemoryPersistence extends Persistence {
  /** Every open handle is lost with this error, as when a browser closes a database; the data stay. */
  lose(error: PersistenceError): void
  /** As when somebody deletes the storage while it is open. */
  wipe(): void
  /** From now on every operation asks this first; null stops that. */
  failWith(fault: Fault | null): void
}

interface Memory {
  readonly identity: string
  readonly documents: Map<string, { record: DocumentRecord; rows: Map<number, Uint8Array> }>
  readonly drafts: Map<string, string>
  readonly blobs: Map<string, StoredBlob>
  readonly uploads: Set<string>
  readonly references: MemoryReferences
  readonly asides: Map<string, { readonly note: AsideNote; readonly update: Uint8Array }>
  readonly writing: Map<string, WritingNote>
  cursor: FeedCursor | null
}

function freshMemory(): Memory {
  const identity = Array.from(systemRandom.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return {
    identity,
    documents: new Map(),
    drafts: new Map(),
    blobs: new Map(),
    uploads: new Set(),
    references: memoryReferences(),
    asides: new Map(),
    writing: new Map(),
    cursor: null,
  }
}

const noteKey = (note: WritingNote): string => `${note.conversation}\n${note.message}`

/**
 * Keeps a space in this process's memory, for tests and for programs that want nothing kept. Several stores may open
 * the same one, as tabs do with a database.
 */
export function memoryPersistence(): MemoryPersistence {
  let memory = freshMemory()
  let fault: Fault | null = null
  const losers = new Set<(error: PersistenceError) => void>()

  const lose = (error: PersistenceError): void => {
    const all = [...losers]
    losers.clear()
    for (const loser of all) loser(error)
  }

  const open = async (): Promise<PersistenceHandle> => {
    await fault?.('open')
    const mine = memory
    let gone: PersistenceError | null = null
    const lost = new Promise<PersistenceError>((resolve) => {
      losers.add((error) => {
        gone = error
        resolve(error)
      })
    })
    const check = async (operation: 'read' | 'write'): Promise<void> => {
      await fault?.(operation)
      if (gone) throw gone
    }
    const entry = (id: string) => {
      let document = mine.documents.get(id)
      if (!document) {
        document = { record: freshRecord(id), rows: new Map() }
        mine.documents.set(id, document)
      }
      return document
    }
    const write = async (batch: WriteBatch): Promise<DocumentRecord[]> => {
      await check('write')
      const records = new Map<string, DocumentRecord>()
      const holds = whatHolds(batch, mine.cursor)
      for (const change of batch.documents ?? []) {
        const document = entry(change.id)
        change.updates.forEach((update, i) => {
          document.rows.set(document.record.last + 1 + i, update)
        })
        for (const hash of change.updates.flatMap(blobsNamedIn)) mine.references.note(change.id, hash)
        if (change.offer) mine.references.retell(change.id)
        document.record = applyWrite(document.record, change, holds)
        records.set(change.id, document.record)
      }
      mine.cursor = holds.cursor ?? mine.cursor
      for (const note of batch.writing?.add ?? []) mine.writing.set(noteKey(note), note)
      for (const note of batch.writing?.remove ?? []) mine.writing.delete(noteKey(note))
      for (const { sha256, upload, bytes, type } of batch.blobs ?? []) {
        mine.blobs.set(sha256, { bytes, type })
        if (upload) mine.uploads.add(sha256)
      }
      return [...records.values()]
    }
    return {
      identity: mine.identity,
      lost,
      documents: async () => {
        await check('read')
        return Array.from(mine.documents.values(), (document) => document.record)
      },
      load: async (id, after = 0) => {
        await check('read')
        const document = mine.documents.get(id)
        if (!document) return null
        const updates = [...document.rows].filter(([number]) => number > after).map(([, update]) => update)
        return { record: document.record, updates }
      },
      write,
      compact: async (id, merge) => {
        await check('write')
        const document = mine.documents.get(id)
        if (!document || document.rows.size < 2) return document?.record ?? null
        const merged = merge([...document.rows.values()])
        const removed = document.rows.size
        document.rows.clear()
        document.record = applyCompaction(document.record, removed)
        document.rows.set(document.record.last, merged)
        return document.record
      },
      cursor: async () => {
        await check('read')
        return mine.cursor
      },
      writing: async () => {
        await check('read')
        return [...mine.writing.values()]
      },
      draft: async (id) => {
        await check('read')
        return mine.drafts.get(id) ?? null
      },
      setDraft: async (id, text) => {
        await check('write')
        if (text === null) mine.drafts.delete(id)
        else mine.drafts.set(id, text)
      },
      putBlob: async (sha256, blob) => {
        await check('write')
        mine.blobs.set(sha256, blob)
      },
      getBlob: async (sha256) => {
        await check('read')
        return mine.blobs.get(sha256) ?? null
      },
      uploads: async () => {
        await check('read')
        return [...mine.uploads]
      },
      uploaded: async (sha256) => {
        await check('write')
        mine.uploads.delete(sha256)
      },
      references: mine.references.port(mine, check),
      retire: async (id, how, merge) => {
        await check('write')
        const document = mine.documents.get(id)
        if (!document) return null
        const note = document.rows.size > 0 ? asideOf(document.record, how) : null
        if (note) mine.asides.set(note.key, { note, update: merge([...document.rows.values()]) })
        document.rows.clear()
        mine.references.release(mine, id, note && asideOwner(note.key))
        document.record = applyRetirement(document.record, how)
        return { record: document.record, aside: note }
      },
      asides: async () => {
        await check('read')
        return Array.from(mine.asides.values(), ({ note }) => note)
      },
      aside: async (key) => {
        await check('read')
        return mine.asides.get(key)?.update ?? null
      },
      putAside: async (note, update) => {
        await check('write')
        mine.asides.set(note.key, { note, update })
        for (const hash of blobsNamedIn(update)) mine.references.note(asideOwner(note.key), hash)
      },
      dropAside: async (key) => {
        await check('write')
        mine.asides.delete(key)
        mine.references.release(mine, asideOwner(key), null)
      },
      close: async () => {
        gone ??= new PersistenceError('CLOSED', 'it was closed by this program')
      },
    }
  }

  return {
    name: 'memory',
    capabilities: { strict: false, atomic: true, reportsAborts: true, exactRows: true, blobs: true },
    open,
    lose,
    wipe: () => {
      memory = freshMemory()
      lose(new PersistenceError('DELETED', 'the storage on this device was deleted'))
    },
    failWith: (next) => {
      fault = next
    },
  }
}
