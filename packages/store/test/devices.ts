import { addMessage } from '@holdfast/conversation'
import { channelHub, lockManager } from '@holdfast/testkit'
import type { UpdateLog } from '@holdfast/update-log'
import * as Y from 'yjs'
import { systemClock } from '../src/environment.ts'
import { type MemoryPersistence, memoryPersistence } from '../src/persistence/memory.ts'
import { openStore } from '../src/store.ts'
import type { OpenConversation, OpenStoreOptions, Store } from '../src/types.ts'
import { type RelayHarness, WebSocketOfNode } from './relay-harness.ts'

export interface Device {
  readonly persistence: MemoryPersistence
  open(options?: Partial<OpenStoreOptions>): Promise<Store>
}

/** One browser on one machine. Its stores are its tabs. */
export function deviceOf(relay: () => RelayHarness, stores: Set<Store>): Device {
  const persistence = memoryPersistence()
  const hub = channelHub()
  const locksOf = lockManager()
  return {
    persistence,
    open: async (options = {}) => {
      const store = await openStore({
        space: 'default',
        persistence,
        relay: relay().address,
        WebSocket: WebSocketOfNode,
        channel: (name) => hub(name),
        locks: locksOf(),
        // Retries at once: how long they wait is backoff's own test.
        random: { next: () => 0.01, bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
        clock: systemClock,
        ...options,
      })
      stores.add(store)
      return store
    },
  }
}

let count = 0
export function say(conversation: OpenConversation, text: string, id = `m${count++}`): string {
  conversation.edit((doc) =>
    addMessage(doc, { id, role: 'user', createdAt: Date.now(), parts: [{ type: 'text', text }] }),
  )
  return id
}

export function textsOf(conversation: OpenConversation): string[] {
  return conversation
    .get()
    .messages.map((message) => message.parts.map((part) => (part.type === 'text' ? part.text : '')).join(''))
}

export const texts = (conversation: OpenConversation) => ({
  get: () => textsOf(conversation),
  subscribe: conversation.subscribe,
})

export const relayOf = (conversation: OpenConversation): string => {
  const status = conversation.status.get()
  return status.kind === 'saved' ? status.relay : status.kind
}

/** What the relay has on its disk. */
export async function onRelay(log: UpdateLog, id: string): Promise<Y.Doc> {
  const doc = new Y.Doc()
  const loaded = await log.load({ space: 'default', document: id })
  for (const update of [...(loaded?.snapshot ? [loaded.snapshot] : []), ...(loaded?.updates ?? [])]) {
    Y.applyUpdate(doc, update)
  }
  return doc
}
