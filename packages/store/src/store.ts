import { SYNC_VERSIONS } from '@holdfast/protocol'
import { type Answers, createAnswers } from './answers.ts'
import { type AsideKeeper, createAside } from './aside.ts'
import { type BlobSync, createBlobs } from './blobs.ts'
import { createConversations } from './conversations.ts'
import { browserEnvironment, type Environment } from './environment.ts'
import { randomName } from './ids.ts'
import { createJournal } from './journal.ts'
import type { Journal } from './journal-port.ts'
import { createLeaseDesk, type LeaseDesk } from './leases.ts'
import { createList } from './list.ts'
import { createLive } from './live.ts'
import { createLives } from './lives.ts'
import { compactUpdates } from './merge.ts'
import type { PersistenceHandle } from './persistence/port.ts'
import { freshRecord, isEnded } from './persistence/records.ts'
import { createRelaySide, type RelaySide } from './relay-side.ts'
import { createSignal } from './signal.ts'
import { sameStoreStatus, storeStatus } from './store-status.ts'
import { createStreams } from './streams.ts'
import { joinTabs, type TabMessage } from './tabs.ts'
import type { OpenStoreOptions, Persisted, Store, StoreStatus } from './types.ts'
import { createUntold } from './untold.ts'
import { keepVigil } from './vigil.ts'
import { createWatchers } from './watchers.ts'
import { watchWriters } from './writers.ts'

/**
 * Opens a space on this device. Resolves when its list is there, or when the storage could not be opened: the status then
 * says so, what is written stays in memory, and the storage is tried again until it works.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const environment: Environment = { ...browserEnvironment(), ...options }
  const { clock, random, locks } = environment
  const { space } = options
  const list = createList()
  let storage: Persisted = 'unknown'
  let closed = false
  let firstList: Promise<void> = Promise.resolve()
  /** Of the relay, as the feed was written down last. */
  let history = ''

  const tabs = joinTabs(environment.channel, space, randomName(random), (message) => onTabMessage(message))

  const journal: Journal & { start(): Promise<void> } = createJournal(options.persistence, clock, random, {
    summaryOf: (id, asked) => lives.get(id)?.takeSummary(asked) ?? null,
    everything: function* () {
      for (const live of lives.all()) {
        const state = live.wholeState()
        if (state) yield { id: live.id, state, epoch: list.record(live.id)?.epoch ?? null }
      }
    },
    committed: (changes) => {
      list.update(changes.map((change) => change.record))
      const identity = journal.identity() ?? ''
      for (const change of changes) {
        tabs.post({ type: 'committed', identity, record: change.record, update: change.update })
        lives.get(change.id)?.onCommitted(change)
        if (change.update) blobs.onUpdate(change.update)
      }
      if (changes.some(({ record }) => isEnded(record))) lookAtBlobs()
      afterChange()
    },
    learned: (cursor, refused) => {
      relay.learned(cursor, refused ? 'refused' : 'own')
      if (refused) return
      tabs.post({ type: 'learned', cursor })
      if (cursor.incarnation !== history) blobs.reset()
      history = cursor.incarnation
      for (const live of lives.all()) live.onLearned()
    },
    unsaved: (updates) => {
      for (const { id, update } of updates) tabs.post({ type: 'unsaved', id, update })
    },
    opened: (handle, fresh) => {
      if (fresh) {
        // Of what is in memory the epoch is known all the same: opened without it, it would join whatever lives under its name by now.
        const known = Array.from(lives.all(), ({ id }) => ({
          ...freshRecord(id),
          epoch: list.record(id)?.epoch ?? null,
        }))
        list.replace(known)
        for (const live of lives.all()) live.onFresh()
        relay.restart()
        // What only the storage had went with it.
        void Promise.all([aside.load(), blobs.load()]).catch(() => null)
      } else aside.reload()
      firstList = loadList(handle)
      for (const live of lives.all()) void live.load()
    },
  })

  const loadList = async (handle: PersistenceHandle): Promise<void> => {
    // If it cannot be read the handle is lost, and the next one is asked again.
    const records = await handle.documents().catch(() => null)
    if (!records) return
    untold.take(records)
    vigil.poke()
  }

  const lives = createLives(
    (id, visible) => {
      const live = createLive({
        id,
        journal,
        tabs,
        clock,
        random,
        visible,
        record: () => list.record(id),
        leases,
        onOver: (over, code, _epoch, text) => void aside.retire(over, code, text),
        keepAside: aside.keep,
        onWatching: (on) => tabs.post({ type: 'watching', from: tabs.self, id, on }),
      })
      writers.attend(live)
      live.onDestroy(live.status.subscribe(() => refresh()))
      live.connect(relay.connection())
      return live
    },
    // While the storage fails nobody knows whether it still has what was saved: it may be found deleted when it opens again.
    (id) => journal.stateOf(id) === 'clean' && journal.failure() === null,
    // Closed before it was level, it is somebody else's to fetch, and to send.
    (id) => (list.behind().has(id) || list.waiting().has(id)) && relay.poke(),
  )
  const streams = createStreams({
    space,
    journal,
    locks,
    clock,
    hold: (live) => {
      lives.acquire(live.id, false)
      return () => lives.release(live)
    },
    leases: () => leases,
  })
  const leases: LeaseDesk = createLeaseDesk({
    space,
    tabs,
    locks,
    clock,
    self: () => {
      const connection = relay.connection()
      return connection?.kind === 'sync' ? connection.client : ''
    },
    mine: streams.mine,
    onChange: (conversation) => answers.heard(conversation),
  })
  const writers = watchWriters({
    space,
    journal,
    locks,
    clock,
    mine: streams.mine,
    onChange: (id) => answers.heard(id),
  })
  const conversations = createConversations({
    clock,
    random,
    journal,
    list,
    lives,
    streams,
    leases,
    onPurged: () => relay.poke(),
  })
  const blobs: BlobSync = createBlobs({
    space,
    journal,
    clock,
    fetch: environment.fetch,
    supported: options.persistence.capabilities.blobs,
    address: () => relay.address(),
    onChange: () => refresh(),
    wake: () => relay.poke(),
    tellTabs: () => tabs.post({ type: 'blobs' }),
    tellRefusal: (reason) => tabs.post({ type: 'files-refused', reason }),
  })
  /** Files may have gone with a conversation, or wait. A storage that cannot be read is the journal's matter. */
  const lookAtBlobs = (): void => void blobs.changed().catch(() => null)
  const aside: AsideKeeper = createAside({
    journal,
    clock,
    random,
    record: list.record,
    create: conversations.createFrom,
    onChange: () => refresh(),
  })
  const watchers = createWatchers()
  const relay: RelaySide = createRelaySide({
    space,
    connect: options.connect,
    versions: options.versions ?? SYNC_VERSIONS,
    environment,
    journal,
    list,
    lives,
    blobs,
    isElsewhere: watchers.has,
    retire: aside.retire,
    onRefusedUpdates: (id, code) => {
      void journal
        .read((handle) => handle.load(id))
        .then((stored) => stored && aside.keep(id, () => compactUpdates(stored.updates), code))
        // What cannot be read or set aside now still waits: at the next connection it is refused again, and this is done again.
        .catch(() => null)
    },
    onChange: () => {
      refresh()
      answers.poke()
    },
  })

  const answers: Answers = createAnswers({
    space,
    list,
    journal,
    locks,
    clock,
    isWriting: streams.isWriting,
    isAnswered: (id) => {
      const live = lives.get(id)
      return leases.of(id).length > 0 || (live !== undefined && writers.areBeside(live))
    },
    connection: relay.connection,
    hasRelay: relay.isSet,
    isVoid: relay.isVoid,
    recover: async (id) => {
      const live = lives.acquire(id, false)
      try {
        await live.loaded
        await writers.recover(live)
      } finally {
        lives.release(live)
      }
    },
  })
  const untold = createUntold({ journal, list, lives, tabs, blobs, aside, afterChange: () => afterChange() })
  const vigil = keepVigil({
    space,
    self: tabs.self,
    locks,
    clock,
    hasOthers: environment.channel !== null,
    announce: () => tabs.post({ type: 'here', from: tabs.self }),
    look: untold.look,
  })

  const onTabMessage = (message: TabMessage): void => {
    if (closed) return
    if (message.type === 'committed') {
      if (message.identity !== journal.identity()) return
      list.update([message.record])
      lives.get(message.record.id)?.receive(message)
      if (message.update) blobs.onUpdate(message.update)
      if (isEnded(message.record)) lookAtBlobs()
      afterChange()
      return
    }
    switch (message.type) {
      case 'learned':
        relay.learned(message.cursor, 'other')
        for (const live of lives.all()) live.onLearned()
        return
      case 'here':
        vigil.met(message.from)
        blobs.greet()
        return
      case 'found':
        untold.receive(message)
        return
      case 'watching':
        watchers.take(message)
        return
      case 'blobs':
        lookAtBlobs()
        return
      case 'files-refused':
        blobs.hear(message.reason)
        return
      case 'retry':
        relay.retry()
        return
      case 'stop':
        leases.onStopRequested(message.id, message.key, '')
        return
      default:
        lives.get(message.id)?.receive(message)
    }
  }

  const computeStatus = (): StoreStatus => storeStatus({ relay, journal, list, blobs, aside, storage })
  const status = createSignal<StoreStatus>(computeStatus(), sameStoreStatus)
  const refresh = (): void => {
    if (!closed) status.set(computeStatus())
  }
  const afterChange = (): void => {
    refresh()
    relay.poke()
    lives.sweep()
    answers.poke()
  }
  let hadFailed = false
  journal.changes.add(() => {
    for (const live of lives.all()) live.refresh()
    refresh()
    const isFailing = journal.failure() !== null
    const isBack = hadFailed && !isFailing
    hadFailed = isFailing
    // Whatever waited for the storage goes on: the write that mended it was told of before it was known to be mended.
    if (!isBack) return
    lives.sweep()
    relay.poke()
    // What another tab said of files meanwhile could not be looked at.
    lookAtBlobs()
  })

  const opening = journal.start()
  void environment.persist?.().then(
    (granted) => {
      storage = granted ? 'granted' : 'denied'
      refresh()
    },
    () => {
      storage = 'denied'
      refresh()
    },
  )
  await opening
  await firstList
  await vigil.kept
  relay.set(options.relay ?? null)
  // A storage that cannot be read is the journal's matter; what it holds is then not shown yet.
  void Promise.all([aside.load(), blobs.load()]).catch(() => null)

  const retry = (): void => {
    journal.retry()
    relay.retry()
  }
  const stopWaking = environment.onWake?.(() => {
    retry()
    vigil.wake()
  })

  return {
    space,
    list: { get: list.get, subscribe: list.subscribe },
    status,
    create: conversations.create,
    open: conversations.open,
    setRelay: relay.set,
    retry: () => {
      retry()
      // What was not taken may be another tab's to try.
      tabs.post({ type: 'retry' })
    },
    exportConversation: conversations.exportConversation,
    purge: conversations.purge,
    aside: {
      get: aside.get,
      subscribe: aside.subscribe,
      export: aside.export,
      restore: aside.restore,
      discard: aside.discard,
    },
    blobs: { put: blobs.put, get: blobs.get, url: blobs.url },
    usage: async () => (await environment.estimate?.()) ?? null,
    saved: () => journal.saved(),
    close: async () => {
      if (closed) return
      answers.close()
      streams.close()
      leases.close()
      stopWaking?.()
      await journal.close()
      closed = true
      lives.destroy()
      blobs.close()
      aside.close()
      relay.close()
      tabs.close()
      vigil.close()
    },
  }
}
