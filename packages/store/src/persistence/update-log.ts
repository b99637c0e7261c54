import { isUpdateLogError, type UpdateLog, type UpdateLogErrorCode } from '@holdfast/update-log'
import { systemRandom } from '../environment.ts'
import { noReferences } from './blob-references.ts'
import {
  type DocumentRecord,
  type DocumentWrite,
  type Persistence,
  PersistenceError,
  type PersistenceErrorCode,
  type PersistenceHandle,
  type WriteBatch,
} from './port.ts'
import { packRecord, unpackRecord } from './record-bytes.ts'
import { applyRetirement, applyWrite, asideOf, freshRecord, type Holds, whatHolds } from './records.ts'
import { DEVICE_DOCUMENT, deviceDocument } from './update-log-device.ts'

/** Begins a document that is only known of: what has no row has no record in the log either. */
const NOTHING = Uint8Array.of(0, 0)

const CODES: Partial<Record<UpdateLogErrorCode, PersistenceErrorCode>> = {
  CLOSED: 'CLOSED',
  DAMAGED: 'CORRUPT',
  STORAGE_FULL: 'QUOTA',
  LOCKED: 'BLOCKED',
  NEWER_VERSION: 'NEWER_VERSION',
  PURGED: 'DELETED',
}

function randomEpoch(): string {
  return Array.from(systemRandom.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
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
  const device = deviceDocument(log, { space, document: DEVICE_DOCUMENT })
  // One change at a time: a row's number must be known before it is written, because its marks travel with it.
  let tail: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(() => named(work))
    tail = result.catch(() => null)
    return result
  }

  const recordOf = async (id: string): Promise<DocumentRecord | null> => {
    const known = records.get(id) ?? device.gone(id)
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

  const writeDocument = async (asked: DocumentWrite, holds: Holds): Promise<DocumentRecord> => {
    const before = (await recordOf(asked.id)) ?? freshRecord(asked.id)
    const gone = device.gone(asked.id)
    if (gone && asked.updates.length === 0) {
      const after = applyWrite(before, asked, holds)
      if (after.purged !== 'no') {
        records.set(asked.id, after)
        await device.setGone(after)
        return after
      }
    }
    const begins = before.last === 0 && asked.updates.length === 0
    const write = begins ? { ...asked, updates: [NOTHING] } : asked
    const after = { ...applyWrite(before, asked, holds), ...(begins ? { last: 1, rows: 1 } : {}) }
    const summary = packRecord(after)
    // Unknown until it is through: a failed append may or may not be found later.
    records.delete(write.id)
    if (write.updates.length === 0) {
      if (before.last > 0) await log.setSummary(refOf(write.id), summary)
    }
    for (const [i, update] of write.updates.entries()) {
      const isLast = i === write.updates.length - 1
      await log.append(refOf(write.id), update, {
        ...(isLast ? { summary } : {}),
        ...(gone && i === 0 ? { epoch: randomEpoch() } : {}),
      })
    }
    records.set(write.id, after)
    if (gone) await device.dropGone(write.id)
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
      documents: () => turn(async () => [...(await listRecords(log, space, records)), ...device.allGone()]),
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
          if (batch.blobs?.length) await unsupported()
          const written = new Map<string, DocumentRecord>()
          const holds = whatHolds(batch, device.cursor())
          for (const write of batch.documents ?? []) written.set(write.id, await writeDocument(write, holds))
          await device.write({ ...batch, cursor: holds.cursor })
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
      uploads: async () => [],
      uploaded: unsupported,
      references: noReferences,
      retire: (id, how, merge) =>
        turn(async () => {
          const [record, loaded] = [await recordOf(id), await log.load(refOf(id))]
          if (!record) return null
          const rows = [...(loaded?.snapshot ? [loaded.snapshot] : []), ...(loaded?.updates ?? [])]
          const aside = rows.length > 0 ? asideOf(record, how) : null
          if (aside) await device.putAside(aside, merge(rows))
          // The log numbers from 1 again when the document begins anew.
          const next = { ...applyRetirement(record, how), last: 0, sent: 0 }
          await device.setGone(next)
          if (loaded) await log.purge(refOf(id))
          records.set(id, next)
          return { record: next, aside }
        }),
      asides: () => turn(async () => device.asides()),
      aside: (key) => turn(async () => device.aside(key)),
      putAside: (note, update) => turn(() => device.putAside(note, update)),
      dropAside: (key) => turn(() => device.dropAside(key)),
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
