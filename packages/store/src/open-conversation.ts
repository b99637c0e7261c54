import type { Journal } from './journal-port.ts'
import type { LeaseDesk } from './leases.ts'
import type { Live } from './live-port.ts'
import type { LeaseInfo, OpenConversation, Readable, Writer } from './types.ts'

export interface OpenOptions {
  readonly live: Live
  readonly journal: Journal
  readonly stream: (live: Live, messageId: string) => Writer
  /** Messages that this store is writing. */
  readonly mine: ReadonlySet<string>
  readonly leases: LeaseDesk
  readonly release: () => void
}

/** One opening of a conversation. Several share the document; each is closed once. */
export function openConversation({ live, journal, stream, mine, leases, release }: OpenOptions): OpenConversation {
  let closed = false
  const watched = leaseSignal(live, leases)
  const isLeased = (id: string): boolean => watched.get().some((lease) => lease.key === id)
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
    lease: (key) => leases.acquire(live, key),
    requestStop: (key) => leases.requestStop(live, key),
    leases: watched,
    isLive: (id) =>
      mine.has(id) || isLeased(id) || live.presence.presence.get().some((peer) => peer.writing.includes(id)),
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

/** What is known of the leases, the same list until it changes. */
function leaseSignal(live: Live, leases: LeaseDesk): Readable<readonly LeaseInfo[]> {
  let current = leases.of(live.id)
  const changes = leases.changes(live.id)
  return {
    get: () => {
      const now = leases.of(live.id)
      const same = now.length === current.length && now.every((lease, i) => lease === current[i])
      if (!same) current = now
      return current
    },
    subscribe: changes.add,
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
