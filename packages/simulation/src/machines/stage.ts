import { SYNC_VERSIONS, type VersionRange } from '@holdfast/protocol'
import { type BlobLedger, createBlobLedger } from '../check/blobs.ts'
import { createLedger, type Ledger } from '../check/ledger.ts'
import { findForgotten } from '../check/seen.ts'
import { type Shadowed, shadowed } from '../check/shadow.ts'
import { createDevice, type Device, type Tab } from './device.ts'
import { createGuest, type Guest } from './guest.ts'
import { type RelayMachine, type RunningRelay, startRelay } from './relay.ts'
import type { DiskFaults } from './slow-disk.ts'
import { createWorld, type World } from './world.ts'

/** The relay and its disk, as whoever runs it has them in hand. */
export interface RelayHouse {
  /** It lives; it may not serve yet. */
  readonly running: RunningRelay | null
  readonly faults: DiskFaults
  readonly folder: Shadowed
  /** Counts the folders that it has had in use. */
  readonly generation: number
  /** Of the wire: what it speaks from its next start on. */
  versions: VersionRange
  /** These are false when there was nothing to do. */
  start(): boolean
  crash(): boolean
  close(): boolean
  /** Folders that were put away, or wait for their turn. */
  readonly kept: readonly Shadowed[]
  /** Puts the folder away as it is now, beside those that were. The relay goes on. */
  keepCopy(): void
  /** The relay ends and its folder is empty. */
  wipe(): void
  /** The relay ends and has a folder that was put away before, if there is one. The copy can be used again. */
  restore(pick: (copies: readonly Shadowed[]) => Shadowed): boolean
  /** The relay ends and goes on in another folder that goes on by itself; the one it had waits for the next time. */
  swap(): void
}

/** Everything that takes part in one run. */
export interface Stage {
  readonly world: World
  readonly ledger: Ledger
  readonly blobs: BlobLedger
  readonly relay: RelayHouse
  readonly devices: readonly Device[]
  /** Where the peers sit. Null: nobody is there now. */
  readonly seats: (Tab | null)[]
  /** Stock clients that are there. */
  readonly guests: ReadonlySet<Guest>
  receive(id: string): Guest
  /**
   * A stock client knows no epochs: what it brings back to a folder that was wiped begins under another one, and a device that comes later with
   * the one before begins the conversation anew (Y12), also when it was purged in between.
   */
  mayComeBack(id: string): boolean
  deviceOf(seat: number): Device
  sit(seat: number): void
  /** Numbers that are given once. */
  serial(): number
  /** Something happened: it is counted under this name. */
  did(what: string, times?: number): void
  readonly counts: ReadonlyMap<string, number>
}

export function createStage(seed: number, peers: number): Stage {
  const world = createWorld(seed)
  const counts = new Map<string, number>()
  const count = (what: string, times = 1): void => {
    if (times > 0) counts.set(what, (counts.get(what) ?? 0) + times)
  }
  const relay = createRelayHouse(world, {
    onLost: (calls) => count('call of the relay lost before its disk', calls),
    onOther: () => ledger.reconsider(),
    onServing: async (folder, diskFailed) => {
      const isPurged = (id: string): boolean => ledger.purges.has(id)
      for (const { rule, what } of await findForgotten(folder, { isPurged, diskFailed })) world.fail(rule, what)
    },
    did: count,
  })
  const ledger: Ledger = createLedger({
    generation: () => relay.generation,
    somebodyHas: (id, client, clock) =>
      relay.folder.clocks.has(id, client, clock) || devices.some(({ clocks }) => clocks.has(id, client, clock)),
    relayHas: (id, client, clock) => relay.folder.clocks.has(id, client, clock),
    broken: world.fail,
  })
  const blobs = createBlobLedger({
    generation: () => relay.generation,
    folder: () => relay.folder,
    isPurged: (id) => ledger.purges.has(id),
    broken: world.fail,
  })
  const devices = Array.from({ length: Math.ceil((peers * 3) / 5) }, (_, i) =>
    createDevice(`d${i}`, { world, ledger, blobs, random: world.chance, token: 'admin', did: count }),
  )
  const seats: (Tab | null)[] = Array.from({ length: peers }, () => null)
  const guests = new Set<Guest>()
  const visited = new Set<string>()
  let arrivals = 0
  let serials = 0
  let tabs = 0
  const deviceOf = (seat: number): Device => devices[seat % devices.length]!
  return {
    world,
    ledger,
    blobs,
    relay,
    devices,
    seats,
    guests,
    receive: (id) => {
      const guest = createGuest(`guest${arrivals++}`, id, { world, ledger, token: 'write' })
      guests.add(guest)
      visited.add(id)
      guest.process.onDeath(() => guests.delete(guest))
      return guest
    },
    mayComeBack: (id) => relay.generation > 0 && visited.has(id),
    deviceOf,
    sit: (seat) => {
      if (seats[seat]) return
      const tab = deviceOf(seat).openTab(`t${tabs++}`)
      seats[seat] = tab
      tab.process.onDeath(() => {
        if (seats[seat] === tab) seats[seat] = null
      })
    },
    serial: () => serials++,
    did: count,
    counts,
  }
}

interface RelayHouseOptions extends Pick<RelayMachine, 'onLost' | 'did'> {
  /** It has another folder. */
  readonly onOther: () => void
  /** A relay is about to serve what is in the folder. */
  readonly onServing: (folder: Shadowed, diskFailed: boolean) => Promise<void>
}

function createRelayHouse(world: World, { onLost, onOther, onServing, did }: RelayHouseOptions): RelayHouse {
  const faults = { failing: 0, failed: 0 }
  const copies: Shadowed[] = []
  let folder = shadowed()
  let other: Shadowed | null = null
  let running: RunningRelay | null = null
  let generation = 0
  let runs = 0

  const use = (next: Shadowed): void => {
    house.crash()
    folder = next
    generation++
    onOther()
    house.start()
  }

  const house: RelayHouse = {
    get running() {
      return running?.process.isAlive ? running : null
    },
    faults,
    versions: SYNC_VERSIONS,
    get folder() {
      return folder
    },
    get generation() {
      return generation
    },
    get kept() {
      return other ? [...copies, other] : copies
    },
    start: () => {
      if (house.running) return false
      const { versions } = house
      const over = folder
      running = startRelay(
        {
          world,
          folder: over,
          faults,
          versions,
          random: world.chance,
          onLost,
          onServing: (diskFailed) => void onServing(over, diskFailed),
          did,
        },
        `relay${runs++}`,
      )
      return true
    },
    crash: () => {
      const wasRunning = house.running !== null
      running?.process.kill()
      return wasRunning
    },
    close: () => {
      const closing = house.running
      if (!closing) return false
      world.schedule.enter(closing.process)
      void closing.close()
      return true
    },
    keepCopy: () => {
      copies.push(folder.backup())
    },
    wipe: () => use(shadowed()),
    restore: (pick) => {
      if (copies.length === 0) return false
      use(pick(copies).copy())
      return true
    },
    swap: () => {
      const next = other ?? folder.copy()
      other = folder
      use(next)
    },
  }
  return house
}
