import { createReader } from '@holdfast/conversation'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { createCoverage } from './coverage.ts'
import type { SyncMark } from './journal-port.ts'
import { createLife } from './life.ts'
import type { Live, LiveOptions } from './live-port.ts'
import { createLiveRelay } from './live-relay.ts'
import { talkWithTabs } from './live-tabs.ts'
import { compactUpdates } from './merge.ts'
import { persistenceError } from './persistence/errors.ts'
import type { DocumentRecord, PersistenceError, StoredDocument } from './persistence/port.ts'
import { freshRecord } from './persistence/records.ts'
import { linkPresence } from './presence.ts'
import { createListeners, createSignal } from './signal.ts'
import { keepSummary } from './summary-keeper.ts'
import type { ConversationStatus, Reason } from './types.ts'
import { createWaitingRoom, encodeIntegrated, hasComeIn } from './waiting-room.ts'

/** The origin of edits made through the store; hand it to an `UndoManager` to undo only this window's. */
export const LOCAL_ORIGIN = 'holdfast-local'
const FROM_DEVICE = Symbol('read from this device')
const FROM_TABS = Symbol('came from another tab, which keeps it')

const PURGED: Reason = {
  code: 'EPOCH_PURGED',
  message: 'this conversation was deleted for good; what you add is kept aside on this device',
}

/** A row that another tab wrote and has not told of by then is read from the device: that tab may be dead. */
const UNTOLD_AFTER_MS = 100

/** A document with this many rows is compacted when nobody has it open any more. */
const COMPACT_ROWS = 64
/** A crash leaves many rows. With this many it is compacted while open, when the first screen is long there. */
const COMPACT_OPEN_ROWS = 512
const COMPACT_OPEN_AFTER_MS = 3_000

export function createLive(options: LiveOptions): Live {
  const { id, journal, tabs } = options
  const doc = new Y.Doc()
  const awareness = new Awareness(doc)
  if (!options.visible) awareness.setLocalState(null)
  const reader = createReader(doc)
  const waiting = createWaitingRoom(doc, (origin) => origin === FROM_DEVICE || origin === FROM_TABS)
  const changed = createListeners()
  const restructured = createListeners()
  const status = createSignal<ConversationStatus>({ kind: 'saved', relay: 'none' }, sameStatus)
  const presence = linkPresence(id, awareness, tabs)
  let loaded = false
  let destroyed = false
  const summary = keepSummary(doc, reader)
  let damage: { readonly reason: PersistenceError; readonly since: number } | null = null
  const coverage = createCoverage()
  let cancelCatchUp: (() => void) | null = null
  let cancelCompaction: (() => void) | null = null

  const record = (): DocumentRecord => options.record() ?? freshRecord(id)
  const isEmpty = (): boolean => doc.store.clients.size === 0
  const { isOver } = createLife({ record, covered: coverage.upTo, isEmpty })

  const cover = (row: number): void => {
    coverage.add(row)
    if (!coverage.hasGap()) return
    cancelCatchUp ??= options.clock.after(UNTOLD_AFTER_MS, () => {
      cancelCatchUp = null
      // A storage that cannot be read is the journal's matter, and all of it is read again when it can.
      if (coverage.hasGap()) void catchUp().catch(() => null)
    })
  }

  const computeStatus = (): ConversationStatus => {
    const failure = journal.failure()
    const state = journal.stateOf(id)
    if (failure && (state === 'failing' || !loaded)) {
      return { kind: 'not-saved', reason: failure.error, since: failure.since }
    }
    if (damage) return { kind: 'not-saved', ...damage }
    if (isOver() || record().purged !== 'no') return { kind: 'saved', relay: 'refused', reason: PURGED }
    if (state === 'writing') return { kind: 'saving' }
    return { kind: 'saved', ...(relay.link()?.progress() ?? { relay: 'none' as const }) }
  }
  const refresh = (): void => {
    if (destroyed) return
    if (isOver()) relay.disconnect()
    status.set(computeStatus())
  }

  const onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === FROM_DEVICE || origin === FROM_TABS) return
    if (isOver() || record().purged !== 'no') options.keepAside(id, () => Y.encodeStateAsUpdate(doc))
    else journal.append(id, update, !relay.brought(origin))
    refresh()
  }
  doc.on('update', onUpdate)
  doc.on('afterTransaction', (transaction: Y.Transaction) => {
    if (transaction.changed.size === 0) return
    const grown = [...transaction.changed.keys()].every((type) => type instanceof Y.Text)
    changed.tell()
    if (!grown) restructured.tell()
  })

  const apply = (updates: readonly Uint8Array[], origin: unknown): void => {
    doc.transact(() => {
      for (const update of updates) {
        try {
          Y.applyUpdate(doc, update, origin)
        } catch (error) {
          // One row that rotted must not take the others with it.
          damage ??= { reason: persistenceError('CORRUPT', error), since: options.clock.now() }
        }
      }
    }, origin)
  }

  const takeRows = ({ record: { last }, updates }: StoredDocument): void => {
    // While somebody listens, Yjs encodes each transaction as an update: at first that is all that was just read, for nobody.
    const isForNobody = !loaded && !waiting.holdsUnkept()
    if (isForNobody) doc.off('update', onUpdate)
    apply(updates, FROM_DEVICE)
    if (isForNobody) doc.on('update', onUpdate)
    coverage.addUpTo(last)
  }

  const checkSummary = (stored: DocumentRecord): void => {
    // Only a document that holds every row can tell; what is on its way, from here or from the relay, carries its own (C72).
    if (!loaded || isOver() || coverage.upTo() < stored.last || journal.stateOf(id) !== 'clean') return
    if (stored.last === 0 || stored.have < stored.there) return
    const correction = summary.correct(stored)
    if (correction) journal.touch(id, correction)
  }

  const talk = talkWithTabs({
    id,
    doc,
    tabs,
    journal,
    presence,
    holdsUnkept: waiting.holdsUnkept,
    // Without the symbol it counts as this window's own: the other one cannot keep it, perhaps this one can.
    take: (update, saved) => apply([update], saved ? FROM_TABS : null),
    isOver: () => destroyed || isOver(),
  })

  const load = async (): Promise<void> => {
    if (loaded || destroyed || isOver()) return
    try {
      const stored = await journal.read((handle) => handle.load(id))
      if (destroyed) return
      if (stored) takeRows(stored)
      loaded = true
      if (stored) checkSummary(stored.record)
      live.onFound()
      if (stored && stored.record.rows >= COMPACT_OPEN_ROWS) {
        cancelCompaction = options.clock.after(COMPACT_OPEN_AFTER_MS, () => void live.compact())
      }
    } catch {
      // The journal has failed and says so; this is called again when the storage is open. Other tabs may have it.
    }
    relay.start()
    talk.ask()
    relay.link()?.poke()
    refresh()
  }

  const catchUp = async (): Promise<void> => {
    const stored = await journal.read((handle) => handle.load(id, coverage.upTo()))
    if (!stored || destroyed || isOver()) return
    takeRows(stored)
    checkSummary(stored.record)
  }

  const relay = createLiveRelay({
    id,
    clock: options.clock,
    random: options.random,
    visible: options.visible,
    isOver: () => destroyed || isOver(),
    leases: options.leases,
    askTabs: talk.ask,
    onWatching: options.onWatching,
    onChange: () => refresh(),
    targetOf: (connection) => {
      const mark = (change: SyncMark): void => {
        if (connection.kind === 'sync') journal.mark(id, connection.told(), change)
      }
      return {
        id,
        doc,
        awareness,
        isLoaded: () => loaded,
        record,
        covered: coverage.upTo,
        isWriting: () => journal.stateOf(id) !== 'clean',
        catchUp,
        deliver: (update, position, origin) => {
          apply([update], origin)
          // What waits for something missing is no row yet, and must come again.
          if (hasComeIn(doc, update)) mark({ position })
        },
        onReached: (sent, position) => {
          mark({ sent, position })
          refresh()
        },
        onAcked: refresh,
        onSent: (upTo) => {
          if (upTo > record().sent) journal.markSent(id, upTo)
        },
        adopt: (epoch) => journal.adopt(id, epoch),
        onOver: (code, epoch, text) => options.onOver(id, code, epoch, text),
        onRefusedUpdates: (code) => {
          options.keepAside(id, () => Y.encodeStateAsUpdate(doc), code)
          refresh()
        },
        onLeased: (leased) => options.leases.onLeased(id, leased),
        onStopRequested: (key, by) => options.leases.onStopRequested(id, key, by),
      }
    },
  })

  const live: Live = {
    id,
    doc,
    awareness,
    reader,
    presence,
    status,
    changed,
    restructured,
    loaded: Promise.resolve(),
    isLoaded: () => loaded,
    load,
    edit: (change) => doc.transact(() => change(doc), LOCAL_ORIGIN),
    membership: () => relay.link()?.membership ?? null,
    channel: () => relay.link()?.channel() ?? null,
    connect: relay.connect,
    isOver,
    isPast: () => isOver() && record().purged === 'no',
    // A row that was fetched comes in when it is on the device (C72): in a storage that took the place of one that is gone, nothing may be here yet.
    takeSummary: (asked) => (loaded && !isOver() && !isEmpty() ? summary.take(asked) : null),
    onCommitted: ({ record: now, update, foreign }) => {
      if (isOver()) {
        refresh()
        return
      }
      if (update && foreign) apply([update], FROM_DEVICE)
      if (update) cover(now.last)
      checkSummary(now)
      relay.link()?.poke()
      refresh()
    },
    onFresh: () => {
      coverage.reset()
      loaded = true
      waiting.forgetKept()
      summary.forget()
    },
    receive: (message) => {
      if (isOver()) {
        refresh()
        return
      }
      if (message.type !== 'committed') {
        talk.receive(message)
        // It builds on what that tab could not save either.
        if (message.type === 'unsaved' && doc.store.pendingStructs) talk.ask()
        return
      }
      if (message.update) {
        apply([message.update], FROM_TABS)
        cover(message.record.last)
        if (doc.store.pendingStructs) talk.ask()
      }
      checkSummary(record())
      relay.link()?.poke()
      refresh()
    },
    onFound: () => {
      // A storage that cannot be read is the journal's matter; when it can, the records are read again and this is asked again.
      if (loaded && !isOver() && record().last > coverage.upTo()) void catchUp().catch(() => null)
      relay.link()?.poke()
      refresh()
    },
    onLearned: () => relay.link()?.poke(true),
    isSettled: () => {
      const { edited, sent } = record()
      return journal.stateOf(id) === 'clean' && (!relay.link() || edited <= sent)
    },
    show: () => {
      relay.show()
      if (awareness.getLocalState() === null) awareness.setLocalState({})
    },
    refresh,
    wholeState: () => (isEmpty() || isOver() ? null : encodeIntegrated(doc)),
    onDestroy: (listener) => doc.on('destroy', listener),
    compact: async () => {
      if (!loaded || record().rows < COMPACT_ROWS || journal.failure()) return
      await journal.compact(id, compactUpdates)
    },
    destroy: () => {
      if (destroyed) return
      destroyed = true
      cancelCatchUp?.()
      cancelCompaction?.()
      relay.disconnect()
      awareness.setLocalState(null)
      presence.destroy()
      reader.destroy()
      doc.destroy()
    },
  }

  Object.assign(live, { loaded: load() })
  refresh()
  return live
}

function sameStatus(a: ConversationStatus, b: ConversationStatus): boolean {
  if (a.kind === 'saved' && b.kind === 'saved') return a.relay === b.relay && a.reason?.code === b.reason?.code
  if (a.kind === 'not-saved' && b.kind === 'not-saved') return a.reason === b.reason && a.since === b.since
  return a.kind === b.kind
}
