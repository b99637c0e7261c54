import { initConversation } from '@holdfast/conversation'
import { SYNC_VERSIONS } from '@holdfast/protocol'
import * as Y from 'yjs'
import { type Answers, createAnswers } from './answers.ts'
import { type AsideKeeper, createAside } from './aside.ts'
import { type BlobSync, createBlobs } from './blobs.ts'
import { browserEnvironment, type Environment } from './environment.ts'
import { exportDocument } from './export.ts'
import { randomName, uuidv7 } from './ids.ts'
import { createJournal } from './journal.ts'
import type { Journal } from './journal-port.ts'
import { createLeaseDesk, type LeaseDesk } from './leases.ts'
import { createList } from './list.ts'
import { createLive, LOCAL_ORIGIN } from './live.ts'
import type { Live } from './live-port.ts'
import { createLives } from './lives.ts'
import { compactUpdates } from './merge.ts'
import { openConversation } from './open-conversation.ts'
import { PersistenceError, type PersistenceHandle } from './persistence/port.ts'
import { freshRecord, isEnded } from './persistence/records.ts'
import { type Recovery, watchStreaming } from './recovery.ts'
import { createRelaySide, type RelaySide } from './relay-side.ts'
import { createSignal } from './signal.ts'
import { sameStoreStatus, storeStatus } from './store-status.ts'
import { createStreams } from './streams.ts'
import { joinTabs, type TabMessage } from './tabs.ts'
import type { OpenStoreOptions, Persisted, Store, StoreStatus } from './types.ts'
import { createUntold } from './untold.ts'
import { keepVigil } from './vigil.ts'
import { createWatchers } from './watchers.ts'

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
      }
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

  const recoveries = new WeakMap<Live, Recovery>()
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
      const watch = watchStreaming({ space, live, journal, locks, clock, mine: streams.mine })
      recoveries.set(live, watch)
      live.restructured.add(() => void watch.check())
      void live.loaded.then(watch.check)
      live.onDestroy(watch.close)
      let others = writersBeside(live)
      const onPresence = (): void => {
        const now = writersBeside(live)
        if (now === others) return
        others = now
        answers.heard(id)
      }
      live.onDestroy(live.presence.presence.subscribe(onPresence))
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
    create: async (update) => {
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
      return leases.of(id).length > 0 || (live !== undefined && writersBeside(live) > 0)
    },
    connection: relay.connection,
    hasRelay: relay.isSet,
    isVoid: relay.isVoid,
    recover: async (id) => {
      const live = lives.acquire(id, false)
      try {
        await live.loaded
        await recoveries.get(live)?.check()
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

  const open = async (id: string) => {
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
    create: async (init = {}) => {
      const { id = uuidv7(clock, random), createdAt = clock.now(), ...rest } = init
      const conversation = await open(id)
      conversation.edit((doc) => initConversation(doc, { ...rest, id, createdAt }))
      return conversation
    },
    open,
    setRelay: relay.set,
    retry: () => {
      retry()
      // What was not taken may be another tab's to try.
      tabs.post({ type: 'retry' })
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
      relay.poke()
    },
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

/** How many others who are present in a conversation say that they write in it. */
function writersBeside({ presence }: Live): number {
  return presence.presence.get().filter(({ self, writing }) => !self && writing.length > 0).length
}
