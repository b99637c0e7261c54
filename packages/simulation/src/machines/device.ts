import { SYNC_VERSIONS, type VersionRange } from '@holdfast/protocol'
import { memoryPersistence, type OpenConversation, openStore, PersistenceError, type Store } from '@holdfast/store'
import { channelHub, createProcess, type Host, lockManager, type Process, type Random } from '@holdfast/testkit'
import type { BlobLedger } from '../check/blobs.ts'
import { type Clocks, createClocks } from '../check/clocks.ts'
import type { Ledger } from '../check/ledger.ts'
import { watchList } from '../check/lists.ts'
import { storageOf } from './faulty-storage.ts'
import { RELAY_HOST } from './relay.ts'
import { clockOf, type World } from './world.ts'

export const SPACE = 'default'

/** A browser with one storage and some tabs. */
export interface Device {
  readonly name: string
  readonly persistence: ReturnType<typeof memoryPersistence>
  /** Calls of the storage that will fail. */
  readonly faults: { failing: number }
  isOnline: boolean
  /** Of the wire: what windows speak that are opened from now on. */
  versions: VersionRange
  openTab(name: string): Tab
  /** Every tab that is alive. */
  readonly tabs: ReadonlySet<Tab>
  /** What is known to be in the storage. */
  readonly clocks: Clocks
  /** Hashes of blobs that were put there. */
  readonly blobs: ReadonlySet<string>
  /** Counts the storages that it has had. */
  readonly generation: number
  /** The browser closes the storage under the tabs. */
  loseHandles(): void
  /** Somebody, or the browser, deletes the storage. */
  deleteStorage(): void
  /** The power goes: every tab is dead, and no transaction that was not done is ever done. */
  losePower(): void
}

/** A tab, from being opened to its end. */
export interface Tab {
  readonly name: string
  readonly device: Device
  readonly process: Process
  readonly host: Host
  /** Null while it opens. */
  readonly store: Store | null
  /** What it has open, by id. Ids that are being opened are not in it. */
  readonly open: ReadonlyMap<string, OpenConversation>
  /** Does something in this tab's name; what it throws or rejects with is looked at. */
  does(what: string, run: (store: Store) => unknown): void
  openConversation(id: string): void
  createConversation(title: string): void
  closeConversation(id: string): void
  close(): void
  crash(): void
}

const CODES = ['QUOTA', 'ABORTED', 'CLOSED'] as const

export interface DeviceOptions {
  readonly world: World
  readonly ledger: Ledger
  readonly blobs: BlobLedger
  readonly random: Random
  readonly token: string
  readonly did: (what: string, times?: number) => void
}

/** Refusals that a person is told, and that are not a bug. */
const HONEST = new Set([
  'PersistenceError',
  'OfflineError',
  'StreamEndedError',
  'AlreadyStreamingError',
  'ConversationError',
  'LeaseHeldError',
  'LeaseEndedError',
  'BlobError',
])

export function createDevice(name: string, { world, ledger, blobs, random, token, did }: DeviceOptions): Device {
  const { schedule } = world
  const persistence = memoryPersistence()
  const faults = { failing: 0 }
  persistence.failWith((operation) => {
    if (operation === 'read' || faults.failing === 0) return
    faults.failing--
    throw new PersistenceError(random.pick(CODES), 'the dice broke the storage')
  })
  const transactions = schedule.lane()
  const clocks = createClocks()
  const kept = new Set<string>()
  let generation = 0
  const lanes = new Map<Process | null, ReturnType<typeof schedule.lane>>()
  const deliver = (process: Process | null, run: () => void): void => {
    const lane = lanes.get(process) ?? schedule.lane()
    lanes.set(process, lane)
    lane.push(process, run)
  }
  const hub = channelHub(deliver)
  const locksOf = lockManager(deliver)
  const tabs = new Set<Tab>()

  const openTab = (tabName: string): Tab => {
    const process = createProcess(`${name}/${tabName}`)
    const host = world.network.host(process, () => device.isOnline)
    const open = new Map<string, OpenConversation>()
    const asked = new Set<string>()
    let store: Store | null = null
    process.onDeath(() => {
      tabs.delete(tab)
      lanes.delete(process)
      ledger.died(tab)
      // Nobody collects what a dead tab held in memory: its timers are gone with it, its documents are let go here.
      open.clear()
    })
    const watch = async (what: string, run: () => unknown): Promise<void> => {
      try {
        await run()
      } catch (error) {
        if (error instanceof Error && HONEST.has(error.name) && !isWrong(error)) return
        world.fail('no-surprise', `${tab.name}: ${what}: ${describe(error)}`)
      }
    }
    const does = (what: string, run: (store: Store) => unknown): void => {
      if (!process.isAlive || !store) return
      schedule.enter(process)
      const mine = store
      void watch(what, () => run(mine))
    }
    const take = (conversation: OpenConversation): void => {
      if (open.has(conversation.id)) {
        conversation.close()
        return
      }
      open.set(conversation.id, conversation)
      ledger.opened(tab, conversation)
    }
    const tab: Tab = {
      name: process.name,
      device,
      process,
      host,
      get store() {
        return store
      },
      open,
      does,
      openConversation: (id) => {
        if (open.has(id) || asked.has(id)) return
        asked.add(id)
        does(`open ${id}`, async (mine) => {
          try {
            take(await mine.open(id))
          } finally {
            asked.delete(id)
          }
        })
      },
      createConversation: (title) => does('create', async (mine) => take(await mine.create({ title }))),
      closeConversation: (id) => {
        const conversation = open.get(id)
        if (!conversation) return
        open.delete(id)
        does(`close ${id}`, () => conversation.close())
      },
      close: () =>
        does('close', async (mine) => {
          store = null
          open.clear()
          await mine.close()
          process.kill()
        }),
      crash: () => process.kill(),
    }
    tabs.add(tab)
    schedule.enter(process)
    void watch('start', async () => {
      const opened = await openStore({
        space: SPACE,
        persistence: storageOf(persistence, { transactions, random, clocks, blobs: kept }, process, schedule.lane()),
        relay: { url: `http://${RELAY_HOST}`, token },
        clock: clockOf(world, process),
        random: { next: world.chance.next, bytes: world.chance.bytes },
        fetch: host.fetch,
        WebSocket: host.WebSocket,
        channel: (channel) => hub(channel, process),
        locks: locksOf(process),
        versions: device.versions,
        persist: null,
        onWake: null,
      })
      if (!process.isAlive) return
      store = opened
      watchList(opened, {
        generation: () => generation,
        isPurged: (id) => ledger.purges.has(id),
        fail: (what) => world.fail('list-forgets', `${tab.name}: ${what}`),
      })
      opened.status.subscribe(() => {
        if ((opened.status.get().uploads ?? 0) === 0) blobs.uploaded(tab)
      })
    })
    return tab
  }

  const device: Device = {
    name,
    persistence,
    faults,
    isOnline: true,
    versions: SYNC_VERSIONS,
    openTab,
    tabs,
    clocks,
    blobs: kept,
    get generation() {
      return generation
    },
    deleteStorage: () => {
      generation++
      clocks.clear()
      kept.clear()
      persistence.wipe()
    },
    loseHandles: () => persistence.lose(new PersistenceError('CLOSED', 'the dice closed it')),
    losePower: () => {
      did('transaction lost with the power', transactions.clear())
      for (const tab of [...tabs]) tab.crash()
    },
  }
  return device
}

/** Bytes that are not what was asked for are nobody's honest refusal here. */
const isWrong = (error: Error): boolean => 'code' in error && error.code === 'WRONG_HASH'

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
