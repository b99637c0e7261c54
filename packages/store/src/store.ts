import { initConversation } from '@holdfast/conversation'
import { type Background, startBackground } from './background.ts'
import type { Connection } from './connection/port.ts'
import { websocketConnection } from './connection/websocket.ts'
import { browserEnvironment, type Environment } from './environment.ts'
import { exportDocument } from './export.ts'
import { randomName, uuidv7 } from './ids.ts'
import { createJournal } from './journal.ts'
import type { Journal } from './journal-port.ts'
import { createList } from './list.ts'
import { createLive } from './live.ts'
import { createLives } from './lives.ts'
import { openConversation } from './open-conversation.ts'
import type { PersistenceHandle } from './persistence/port.ts'
import { watchStreaming } from './recovery.ts'
import { createSignal } from './signal.ts'
import { createStreams } from './streams.ts'
import { joinTabs, type TabMessage } from './tabs.ts'
import type { OpenStoreOptions, Persisted, RelayAddress, Store, StoreStatus } from './types.ts'

/**
 * Opens a space on this device. Resolves when its list is there, or when the storage could not be opened: the status then
 * says so, what is written stays in memory, and the storage is tried again until it works.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const environment: Environment = { ...browserEnvironment(), ...options }
  const { clock, random, locks } = environment
  const { space, connect = websocketConnection } = options
  const list = createList()
  let connection: Connection | null = null
  let background: Background | null = null
  let storage: Persisted = 'unknown'
  let closed = false
  let firstList: Promise<void> = Promise.resolve()

  const tabs = joinTabs(environment.channel, space, randomName(random), (message) => onTabMessage(message))

  const journal: Journal & { start(): Promise<void> } = createJournal(options.persistence, clock, random, {
    summaryOf: (id, asked) => lives.get(id)?.takeSummary(asked) ?? null,
    everything: function* () {
      for (const live of lives.all()) {
        const state = live.wholeState()
        if (state) yield { id: live.id, state }
      }
    },
    committed: (changes) => {
      list.update(changes.map((change) => change.record))
      const identity = journal.identity() ?? ''
      for (const change of changes) {
        tabs.post({ type: 'committed', identity, record: change.record, update: change.update })
        lives.get(change.id)?.onCommitted(change)
      }
      afterChange()
    },
    unsaved: (updates) => {
      for (const { id, update } of updates) tabs.post({ type: 'unsaved', id, update })
    },
    opened: (handle, fresh) => {
      if (fresh) {
        list.replace([])
        for (const live of lives.all()) live.onFresh()
      }
      firstList = loadList(handle)
      for (const live of lives.all()) void live.load()
    },
  })

  const loadList = async (handle: PersistenceHandle): Promise<void> => {
    // If it cannot be read the handle is lost, and the next one is asked again.
    const records = await handle.documents().catch(() => null)
    if (!records) return
    list.update(records)
    afterChange()
  }

  const lives = createLives(
    (id, visible) => {
      const live = createLive({ id, journal, tabs, clock, visible, record: () => list.record(id) })
      const watch = watchStreaming({ space, live, journal, locks, clock, mine: streams.mine })
      live.restructured.add(watch.check)
      void live.loaded.then(watch.check)
      live.onDestroy(watch.close)
      live.connect(connection)
      return live
    },
    (id) => journal.stateOf(id) === 'clean',
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
  })

  const onTabMessage = (message: TabMessage): void => {
    if (closed) return
    if (message.type === 'committed') {
      if (message.identity !== journal.identity()) return
      list.update([message.record])
      lives.get(message.record.id)?.receive(message)
      afterChange()
    } else lives.get(message.id)?.receive(message)
  }

  const computeStatus = (): StoreStatus => {
    const relay = connection?.state.get()
    const failure = journal.failure()
    return {
      relay: relay?.kind ?? 'none',
      ...(relay && 'reason' in relay ? { reason: relay.reason } : {}),
      waiting: list.waiting().size,
      storage,
      ...(failure ? { notSaved: { reason: failure.error, since: failure.since } } : {}),
    }
  }
  const status = createSignal<StoreStatus>(computeStatus(), sameStatus)
  const refresh = (): void => {
    if (!closed) status.set(computeStatus())
  }
  const afterChange = (): void => {
    refresh()
    background?.poke()
    lives.sweep()
  }
  journal.changes.add(() => {
    for (const live of lives.all()) live.refresh()
    refresh()
  })

  let stopWatching: () => void = () => undefined
  const setRelay = (address: RelayAddress | null): void => {
    background?.close()
    stopWatching()
    for (const live of lives.all()) live.connect(null)
    connection?.close()
    background = null
    connection = address && connect(space, address, environment)
    for (const live of lives.all()) live.connect(connection)
    if (connection) {
      stopWatching = connection.state.subscribe(refresh)
      background = startBackground({
        space,
        connection,
        journal,
        locks,
        clock,
        waiting: () => list.waiting(),
        everyId: () => Array.from(list.records(), (record) => record.id),
        acquire: (id) => lives.acquire(id, false),
        release: lives.release,
        isOpen: lives.isOpen,
      })
    }
    refresh()
  }

  const open = async (id: string) => {
    const live = lives.acquire(id, true)
    await live.loaded
    return openConversation({
      live,
      journal,
      stream: streams.start,
      mine: streams.mine,
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
  setRelay(options.relay ?? null)

  const retry = (): void => {
    journal.retry()
    connection?.retry()
  }
  const stopWaking = environment.onWake?.(retry)

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
    setRelay,
    retry,
    exportConversation: async (id) => {
      const conversation = await open(id)
      try {
        return exportDocument(id, conversation.doc, conversation.get())
      } finally {
        conversation.close()
      }
    },
    saved: () => journal.saved(),
    close: async () => {
      if (closed) return
      streams.close()
      background?.close()
      stopWatching()
      stopWaking?.()
      await journal.close()
      closed = true
      lives.destroy()
      connection?.close()
      tabs.close()
    },
  }
}

function sameStatus(a: StoreStatus, b: StoreStatus): boolean {
  return (
    a.relay === b.relay &&
    a.reason?.code === b.reason?.code &&
    a.waiting === b.waiting &&
    a.storage === b.storage &&
    a.notSaved?.reason === b.notSaved?.reason &&
    a.notSaved?.since === b.notSaved?.since
  )
}
