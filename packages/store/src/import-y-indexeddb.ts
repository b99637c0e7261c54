import { readConversation } from '@holdfast/conversation'
import * as Y from 'yjs'
import { LOCAL_ORIGIN } from './live.ts'
import { compactUpdates } from './merge.ts'
import type { Store } from './types.ts'

export interface ImportOptions {
  /** The name that was given to `new IndexeddbPersistence(name, doc)`. */
  readonly name: string
  readonly into: Store
  /** The conversation's id here. By default the one that the document itself says, else `name`. */
  readonly id?: string
  readonly indexedDB?: IDBFactory
}

/** What was brought over. The database it came from is as it was. */
export interface Imported {
  readonly id: string
  readonly title: string
  readonly messages: number
  /** Rows found, and their size in bytes. */
  readonly updates: number
  readonly bytes: number
  /** False when the document is not one of our conversations: its bytes are kept all the same. */
  readonly isConversation: boolean
}

/**
 * - `NOT_FOUND` there is no database of that name
 * - `NOT_Y_INDEXEDDB` there is one, but y-indexeddb did not make it
 * - `UNREADABLE` the browser cannot open it, or a row of it is no Yjs update
 * - `EMPTY` it holds no update
 */
export type ImportErrorCode = 'NOT_FOUND' | 'NOT_Y_INDEXEDDB' | 'UNREADABLE' | 'EMPTY'

export class ImportError extends Error {
  override readonly name = 'ImportError'
  readonly code: ImportErrorCode
  constructor(code: ImportErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/**
 * Brings a document that y-indexeddb kept into a store, and resolves when it is saved there. The original is only read, so
 * that it can be done again: the same updates merge into the same document.
 */
export async function importYIndexedDb(options: ImportOptions): Promise<Imported> {
  const { name, into } = options
  const rows = await readRows(options.indexedDB ?? globalThis.indexedDB, name)
  if (rows.length === 0) throw new ImportError('EMPTY', `the database ${name} holds no document`)
  const { state, id: ownId, title, messages } = readAll(name, rows)
  const id = options.id ?? ownId ?? name
  const conversation = await into.open(id)
  try {
    Y.applyUpdate(conversation.doc, state, LOCAL_ORIGIN)
    await conversation.saved()
  } finally {
    conversation.close()
  }
  const bytes = rows.reduce((sum, row) => sum + row.length, 0)
  return { id, title, messages, updates: rows.length, bytes, isConversation: ownId !== null }
}

function readAll(name: string, rows: readonly Uint8Array[]) {
  try {
    const state = compactUpdates(rows)
    const doc = new Y.Doc()
    Y.applyUpdate(doc, state)
    const ownId = doc.getMap('meta').get('id')
    if (typeof ownId !== 'string') return { state, id: null, title: '', messages: 0 }
    const conversation = readConversation(doc)
    const messages = conversation.messages.length + conversation.hidden.length
    return { state, id: ownId, title: conversation.meta.title, messages }
  } catch (error) {
    throw new ImportError('UNREADABLE', `a row of the database ${name} is no Yjs update`, { cause: error })
  }
}

function readRows(factory: IDBFactory, name: string): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    // Without a version: opening must neither upgrade nor make anything.
    const request = factory.open(name)
    let missing = false
    request.onupgradeneeded = () => {
      missing = true
      request.transaction?.abort()
    }
    request.onerror = (event) => {
      event.preventDefault()
      if (missing) reject(new ImportError('NOT_FOUND', `there is no database named ${name}`))
      else reject(new ImportError('UNREADABLE', `the database ${name} cannot be opened`, { cause: request.error }))
    }
    request.onsuccess = () => {
      const database = request.result
      // Its own tab may delete it; we do not stand in the way.
      database.onversionchange = () => database.close()
      if (!database.objectStoreNames.contains('updates') || !database.objectStoreNames.contains('custom')) {
        database.close()
        reject(new ImportError('NOT_Y_INDEXEDDB', `the database ${name} was not made by y-indexeddb`))
        return
      }
      const rows = database.transaction('updates').objectStore('updates').getAll()
      rows.onsuccess = () => {
        database.close()
        resolve(
          rows.result.map((row: unknown) => (row instanceof Uint8Array ? row : new Uint8Array(row as ArrayBuffer))),
        )
      }
      rows.onerror = () => {
        database.close()
        reject(new ImportError('UNREADABLE', `the database ${name} cannot be read`, { cause: rows.error }))
      }
    }
  })
}
