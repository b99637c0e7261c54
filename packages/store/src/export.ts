import type { Conversation } from '@holdfast/conversation'
import * as Y from 'yjs'
import type { Exported } from './types.ts'

/** Makes a download of a conversation in memory, for when the device cannot keep it. */
export function exportDocument(id: string, doc: Y.Doc, conversation: Conversation): Exported {
  const title = conversation.meta.title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '')
  return {
    id,
    name: `${title.slice(0, 60) || 'conversation'}-${id.slice(0, 8)}`,
    update: Y.encodeStateAsUpdate(doc),
    json: JSON.stringify(
      conversation,
      (_key, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value),
      2,
    ),
  }
}
