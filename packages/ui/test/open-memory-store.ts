import { addMessage } from '@holdfast/conversation'
import { memoryPersistence, type OpenConversation, openStore, type Store } from '@holdfast/store'

/** A store that keeps everything in memory and knows no other tabs. */
export function openMemoryStore(): Promise<Store> {
  return openStore({ space: 'default', persistence: memoryPersistence(), channel: null, locks: null, persist: null })
}

/** Questions and answers, alternately: `m0`, `m1`... */
export function fill(conversation: OpenConversation, count: number): void {
  conversation.edit((doc) => {
    for (let i = 0; i < count; i++) {
      addMessage(doc, {
        id: `m${i}`,
        role: i % 2 === 0 ? 'user' : 'assistant',
        parent: i === 0 ? null : `m${i - 1}`,
        createdAt: 1_000 + i,
        parts: [{ type: 'text', text: `Message number ${i}\n\nwith a second paragraph.` }],
      })
    }
  })
}
