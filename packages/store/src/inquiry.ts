import { BadUpdateError } from '@holdfast/protocol'
import { OfflineError } from './connection/port.ts'
import { stateVectorOf } from './connection/sync/exchange.ts'
import { type Glanced, glance } from './connection/sync/glance.ts'
import type { SpaceConnection } from './connection/sync/port.ts'
import type { Journal } from './journal-port.ts'
import type { List } from './list.ts'
import { type DocumentRecord, PersistenceError } from './persistence/port.ts'

/** Questions to the relay under way at a time. After a power cut in an office there may be hundreds to ask. */
const ASKING = 8

export interface InquiryOptions {
  readonly list: Pick<List, 'record'>
  readonly journal: Pick<Journal, 'read'>
  /** The way to the relay, if there is one now. */
  readonly reachable: () => SpaceConnection | null
  /** What the relay said of this conversation. `no-channel`: it was not asked, it is far or the device cannot be read. */
  readonly onWord: (id: string, word: Glanced) => void
}

/** Asks the relay who answers in conversations, a few at a time. */
export interface Inquiry {
  ask(id: string): void
  /** Nobody wants to know of it any more. */
  forget(id: string): void
}

export function createInquiry({ list, journal, reachable, onWord }: InquiryOptions): Inquiry {
  const queue = new Set<string>()
  const asking = new Set<string>()
  /** What is here of a conversation, up to a row. */
  const vectors = new Map<string, { readonly last: number; readonly bytes: Uint8Array }>()

  const next = (): void => {
    for (const id of queue) {
      const connection = reachable()
      const record = list.record(id)
      if (asking.size >= ASKING || !connection) return
      queue.delete(id)
      if (!record || asking.has(id)) continue
      asking.add(id)
      void wordOf(connection, record).then((word) => {
        asking.delete(id)
        onWord(id, word)
        next()
      })
    }
  }

  const wordOf = async (connection: SpaceConnection, record: DocumentRecord): Promise<Glanced> => {
    try {
      return await glanceAt(connection, record)
    } catch (error) {
      if (error instanceof OfflineError || error instanceof PersistenceError) return { kind: 'no-channel' }
      if (!(error instanceof BadUpdateError)) throw error
      // A row has rotted: opening the conversation says so.
      return { kind: 'refused' }
    }
  }

  const glanceAt = async (
    connection: SpaceConnection,
    { id, epoch, heir, there, last }: DocumentRecord,
  ): Promise<Glanced> => {
    // Under another epoch its position is not known, and the whole document would come.
    if (epoch === null || heir !== null) return { kind: 'refused' }
    // A position alone is not enough: in the first session of a device the relay goes by none (protocol Y11).
    let vector = vectors.get(id)
    if (vector?.last !== last) {
      const stored = await journal.read((handle) => handle.load(id))
      vector = { last, bytes: stateVectorOf(stored?.updates ?? []) }
      vectors.set(id, vector)
    }
    return glance(connection, { document: id, epoch, seq: there, stateVector: vector.bytes })
  }

  return {
    ask: (id) => {
      queue.add(id)
      next()
    },
    forget: (id) => {
      queue.delete(id)
      vectors.delete(id)
    },
  }
}
