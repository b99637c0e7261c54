import { fork, moveToTrash, restoreFromTrash, setArchived, setPinned, setTitle } from '@holdfast/conversation'
import type { Exported, OpenConversation, Store } from '@holdfast/store'

/** Edits made from the list: the conversation is opened for the edit alone, and kept open until it is on the device. */
async function editClosed(store: Store, id: string, change: (conversation: OpenConversation) => void): Promise<void> {
  const conversation = await store.open(id)
  try {
    change(conversation)
    await conversation.saved()
  } finally {
    conversation.close()
  }
}

export function createConversationActions(store: Store, now: () => number, newId: () => string) {
  const edit = (id: string, change: (conversation: OpenConversation) => void) => editClosed(store, id, change)
  return {
    rename: (id: string, title: string) =>
      edit(id, (conversation) => conversation.edit((doc) => setTitle(doc, { title, by: 'user' }))),
    pin: (id: string, pinned: boolean) =>
      edit(id, (conversation) => conversation.edit((doc) => setPinned(doc, pinned))),
    archive: (id: string, archived: boolean) =>
      edit(id, (conversation) => conversation.edit((doc) => setArchived(doc, archived))),
    trash: (id: string) => edit(id, (conversation) => conversation.edit((doc) => moveToTrash(doc, { at: now() }))),
    purge: (id: string) => store.purge(id),
    /** Begins another conversation with what is shown up to a message. Gives its id when it is on the device. */
    async fork(source: OpenConversation, upTo: string): Promise<string> {
      const id = newId()
      const title = source.get().meta.title
      const target = await store.open(id)
      try {
        const more = title ? { title: `${title} (fork)` } : {}
        target.edit((doc) => fork(source.doc, doc, { id, at: now(), upTo, ...more }))
        await target.saved()
      } finally {
        target.close()
      }
      return id
    },
    restore: (id: string) => edit(id, (conversation) => conversation.edit((doc) => restoreFromTrash(doc))),
  }
}

export type ConversationActions = ReturnType<typeof createConversationActions>

/** Hands a conversation to the reader as a file, also when the device cannot save it. */
export async function downloadConversation(store: Store, id: string): Promise<void> {
  saveFile(await store.exportConversation(id))
}

export function saveFile({ name, json }: Pick<Exported, 'name' | 'json'>): void {
  const url = URL.createObjectURL(new Blob([json], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `${name}.json`
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
