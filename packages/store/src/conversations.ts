import { initConversation } from '@holdfast/conversation'
import * as Y from 'yjs'
import type { Chance, Clock } from './environment.ts'
import { exportDocument } from './export.ts'
import { uuidv7 } from './ids.ts'
import type { Journal } from './journal-port.ts'
import type { LeaseDesk } from './leases.ts'
import type { List } from './list.ts'
import { LOCAL_ORIGIN } from './live.ts'
import type { Lives } from './lives.ts'
import { openConversation } from './open-conversation.ts'
import { PersistenceError } from './persistence/port.ts'
import type { Streams } from './streams.ts'
import type { Store } from './types.ts'

export interface ConversationsOptions {
  readonly clock: Clock
  readonly random: Chance
  readonly journal: Journal
  readonly list: Pick<List, 'record'>
  readonly lives: Pick<Lives, 'acquire' | 'release'>
  readonly streams: Pick<Streams, 'start' | 'mine'>
  readonly leases: LeaseDesk
  /** One was purged here, which the relay is to be told. */
  readonly onPurged: () => void
}

/** What a caller of the store does with single conversations, from the first edit to the purge. */
export interface Conversations extends Pick<Store, 'create' | 'open' | 'exportConversation' | 'purge'> {
  /** Makes a new one of the bytes of another, and gives its id when it is saved. */
  createFrom(update: Uint8Array): Promise<string>
}

export function createConversations(options: ConversationsOptions): Conversations {
  const { clock, random, journal, list, lives, streams, leases } = options

  const open: Store['open'] = async (id) => {
    const live = lives.acquire(id, true)
    await live.loaded
    return openConversation({
      live,
      journal,
      stream: streams.start,
      mine: streams.mine,
      leases,
      release: () => lives.release(live),
    })
  }

  return {
    open,
    create: async (init = {}) => {
      const { id = uuidv7(clock, random), createdAt = clock.now(), ...rest } = init
      const conversation = await open(id)
      conversation.edit((doc) => initConversation(doc, { ...rest, id, createdAt }))
      return conversation
    },
    createFrom: async (update) => {
      const id = uuidv7(clock, random)
      const conversation = await open(id)
      try {
        // Not in one transaction: an update applied in it would make it count as another client's.
        Y.applyUpdate(conversation.doc, update, LOCAL_ORIGIN)
        conversation.edit((doc) => doc.getMap('meta').set('id', id))
        await conversation.saved()
      } finally {
        conversation.close()
      }
      return id
    },
    exportConversation: async (id) => {
      const conversation = await open(id)
      try {
        return exportDocument(id, conversation.doc, conversation.get())
      } finally {
        conversation.close()
      }
    },
    purge: async (id) => {
      const isKnown = list.record(id) !== undefined
      // What is on its way goes first, so that it goes with the rest. A storage that fails says so in the next line.
      await journal.saved(id).catch(() => null)
      const retired = await journal.retire(id, { purged: 'asked', aside: null })
      // Nobody asks again but who asked: so it is told. Another storage need not know it yet.
      if (!retired && (isKnown || list.record(id))) {
        throw journal.failure()?.error ?? new PersistenceError('ABORTED', 'it could not be deleted on this device')
      }
      options.onPurged()
    },
  }
}
