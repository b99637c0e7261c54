import { isUpdateLogError, type UpdateLog, type UpdateLogErrorCode } from '@holdfast/update-log'
import * as Y from 'yjs'
import { mergeAll } from '../merge.ts'
import {
  type DocumentRecord,
  type DocumentWrite,
  type FeedCursor,
  type Persistence,
  PersistenceError,
  type PersistenceErrorCode,
  type PersistenceHandle,
  type WriteBatch,
  type WritingNote,
} from './port.ts'
import { packRecord, unpackRecord } from './record-bytes.ts'
import { applyWrite, freshRecord } from './records.ts'

/** Cursor, drafts and notes are a Yjs document of their own in the log: small, compacted like any other. */
const DEVICE_DOCUMENT = '~device'
const DEVICE_COMPACT_AFTER = 256

const CODES: Partial<Record<UpdateLogErrorCode, PersistenceErrorCode>> = {
  CLOSED: 'CLOSED',
  DAMAGED: 'CORRUPT',
  STORAGE_FULL: 'QUOTA',
  LOCKED: 'BLOCKED',
  NEWER_VERSION: 'NEWER_VERSION',
  PURGED: 'DELETED',
}

async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isUpdateLogError(error)) throw error
    throw new PersistenceError(CODES[error.code] ?? 'UNAVAILABLE', error.message, { cause: error })
  }
}

/**
 * Keeps a space in an update log (LevelDB in Node), which this process owns. The log numbers rows as the port does, and
 * writes each document atomically with its marks and its summary; several documents of one write are several.
 */
export function updateLogPersistence(log: UpdateLog, space: string): Persistence {
  const refOf = (id: string) => ({ space, document: id })
  const records = new Map<string, DocumentRecord>()
  const device = deviceDocument(log, space)
  // One change at a time: a row's number must be known before it is written, because its marks travel with it.
  let tail: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(() => named(work))
    tail = result.catch(() => null)
    return result
  }

  const recordOf = async (id: string): Promise<DocumentRecord | null> => {
    const known = records.get(id)
    if (known) return known
    const loaded = await log.load(refOf(id))
    if (!loaded) return null
    const packed = unpackRecord(loaded.summary)
    const record: DocumentRecord = {
      ...freshRecord(id),
      ...packed,
      last: loaded.seq,
      rows: loaded.updates.length + (loaded.snapshot ? 1 : 0),
    }
    records.set(id, record)
    return record
  }

  const writeDocument = async (write: DocumentWrite): Promise<DocumentRecord> => {
    const before = (await recordOf(write.id)) ?? freshRecord(write.id)
    const after = applyWrite(before, write)
    const summary = packRecord(after)
    // Unknown until it is through: a failed append may or may not be found later.
    records.delete(write.id)
    if (write.updates.length === 0) {
      if (before.last > 0) await log.setSummary(refOf(write.id), summary)
    }
    for (const [i, update] of write.updates.entries()) {
      const isLast = i === write.updates.length - 1
      await log.append(refOf(write.id), update, isLast ? { summary } : {})
    }
    records.set(write.id, after)
    return after
  }

  const open = async (): Promise<PersistenceHandle> => {
    await named(() => device.load())
    let closed = false
    const check = (): void => {
      if (closed) throw new PersistenceError('CLOSED', 'it was closed by this program')
    }
    const turn = <T>(work: () => Promise<T>): Promise<T> =>
      inTurn(async () => {
        check()
        return work()
      })
    const unsupported = async (): Promise<never> => {
      throw new PersistenceError('UNSUPPORTED', 'an update log keeps no blobs')
    }
    return {
      identity: log.incarnation,
      lost: new Promise(() => undefined),
      documents: () => turn(() => listRecords(log, space, records)),
      load: (id, after = 0) =>
        turn(async () => {
          const [record, loaded] = [await recordOf(id), await log.load(refOf(id))]
          if (!record || !loaded) return null
          const beforeTail = loaded.seq - loaded.updates.length
          const updates =
            after >= beforeTail
              ? loaded.updates.slice(after - beforeTail)
              : [...(loaded.snapshot ? [loaded.snapshot] : []), ...loaded.updates]
          return { record, updates }
        }),
      write: (batch: WriteBatch) =>
        turn(async () => {
          const written = new Map<string, DocumentRecord>()
          for (const write of batch.documents ?? []) written.set(write.id, await writeDocument(write))
          await device.write(batch)
          return [...written.values()]
        }),
      compact: (id) =>
        turn(async () => {
          const record = await recordOf(id)
          if (!record || record.rows < 2) return record
          // The log compacts by itself (a worker, checked, atomic): the merge that was handed in is not needed.
          await log.compact(refOf(id))
          const next = { ...record, rows: 1, revision: record.revision + 1 }
          await log.setSummary(refOf(id), packRecord(next))
          records.set(id, next)
          return next
        }),
      cursor: () => turn(async () => device.cursor()),
      writing: () => turn(async () => device.writing()),
      draft: (id) => turn(async () => device.draft(id)),
      setDraft: (id, text) => turn(() => device.setDraft(id, text)),
      putBlob: unsupported,
      getBlob: unsupported,
      close: async () => {
        closed = true
        await tail
      },
    }
  }

  return {
    name: 'update-log',
    capabilities: { strict: true, atomic: false, reportsAborts: true, exactRows: true, blobs: false },
    open,
  }
}

async function listRecords(
  log: UpdateLog,
  space: string,
  known: ReadonlyMap<string, DocumentRecord>,
): Promise<DocumentRecord[]> {
  const stats = new Map((await log.documents(space)).map((stat) => [stat.document, stat]))
  const records: DocumentRecord[] = []
  for (let after = 0, more = true; more; ) {
    const { entries, head } = await log.feed(space, { after, limit: 10_000 })
    for (const entry of entries) {
      const stat = stats.get(entry.document)
      if (entry.purged || entry.document === DEVICE_DOCUMENT || stat?.kind !== 'live') continue
      const rows = stat.stats.tailUpdates + (stat.stats.snapshotBytes > 0 ? 1 : 0)
      records.push(
        known.get(entry.document) ?? {
          ...freshRecord(entry.document),
          ...unpackRecord(entry.summary),
          last: entry.seq,
          rows,
        },
      )
    }
    after = entries.at(-1)?.feed ?? head
    more = entries.length > 0 && after < head
  }
  return records
}

/** What a space's device keeps besides its documents. */
function deviceDocument(log: UpdateLog, space: string) {
  const ref = { space, document: DEVICE_DOCUMENT }
  const doc = new Y.Doc()
  const state = doc.getMap<unknown>('state')
  const drafts = doc.getMap<string>('drafts')
  const notes = doc.getMap<WritingNote>('writing')
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
    write: async (batch: WriteBatch): Promise<void> => {
      doc.transact(() => {
        if (batch.cursor) state.set('cursor', { ...batch.cursor })
        for (const note of batch.writing?.add ?? []) notes.set(noteKey(note), { ...note })
        for (const note of batch.writing?.remove ?? []) notes.delete(noteKey(note))
      })
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
