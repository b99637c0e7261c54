import type { Journal } from './journal-port.ts'
import type { Live } from './live-port.ts'
import type { OpenConversation, Writer } from './types.ts'

export interface OpenOptions {
  readonly live: Live
  readonly journal: Journal
  readonly stream: (live: Live, messageId: string) => Writer
  /** Messages that this store is writing. */
  readonly mine: ReadonlySet<string>
  readonly release: () => void
}

/** One opening of a conversation. Several share the document; each is closed once. */
export function openConversation({ live, journal, stream, mine, release }: OpenOptions): OpenConversation {
  let closed = false
  return {
    id: live.id,
    doc: live.doc,
    awareness: live.awareness,
    get: () => live.reader.read(),
    subscribe: live.changed.add,
    getMessage: (id) => live.reader.message(id),
    subscribeMessage: (id, listener) => {
      let known = live.reader.message(id)
      return live.changed.add(() => {
        const now = live.reader.message(id)
        if (now === known) return
        known = now
        listener()
      })
    },
    edit: live.edit,
    stream: (messageId) => stream(live, messageId),
    isLive: (id) => mine.has(id) || live.presence.presence.get().some((peer) => peer.writing.includes(id)),
    status: live.status,
    saved: () => journal.saved(live.id),
    sent: () => whenSent(live),
    presence: live.presence.presence,
    draft: {
      load: async () => (await journal.read((handle) => handle.draft(live.id))) ?? '',
      set: (text) => journal.read((handle) => handle.setDraft(live.id, text === '' ? null : text)),
    },
    close: () => {
      if (closed) return
      closed = true
      release()
    },
  }
}

function whenSent(live: Live): Promise<void> {
  return new Promise((resolve) => {
    let off: () => void = () => undefined
    const look = (): void => {
      const status = live.status.get()
      if (status.kind !== 'saved' || (status.relay !== 'sent' && status.relay !== 'synced')) return
      off()
      resolve()
    }
    off = live.status.subscribe(look)
    look()
  })
}
