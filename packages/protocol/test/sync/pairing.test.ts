import { type Random, seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import type { VersionRange } from '../../src/index.ts'
import { Device } from './pairing/client.ts'
import { decodeItems } from './pairing/items.ts'
import { MemoryRelay, type RelayLink } from './pairing/relay.ts'

/** `SYNC_SEEDS=5000` runs more. */
const SEEDS = Number(process.env.SYNC_SEEDS ?? 60)
const DOCUMENTS = ['a', 'b', 'c', 'd', 'e']

/** A socket between a device and the relay: bytes wait both ways until they are let through. */
interface Wire {
  link: RelayLink | null
  up: Uint8Array[]
  down: Uint8Array[]
}

/** What the relay speaks, each time it starts, and what each device does: one of these. */
interface Pairing {
  readonly relay: readonly VersionRange[]
  readonly client: readonly VersionRange[]
}

const FIRST: VersionRange = { min: 1, max: 1 }
const SECOND: VersionRange = { min: 1, max: 2 }
/** Every combination of a version and the one before (issue: upgrade), and all of them in turn. */
const PAIRINGS: readonly (readonly [string, Pairing])[] = [
  ['client 1, relay 1', { client: [FIRST], relay: [FIRST] }],
  ['client 1, relay 2', { client: [FIRST], relay: [SECOND] }],
  ['client 2, relay 1', { client: [SECOND], relay: [FIRST] }],
  ['client 2, relay 2', { client: [SECOND], relay: [SECOND] }],
  ['clients of both, a relay that changes', { client: [FIRST, SECOND], relay: [FIRST, SECOND] }],
]

class World {
  readonly random: Random
  readonly speaks: readonly VersionRange[]
  readonly relay: MemoryRelay
  readonly devices: Device[]
  readonly wires = new Map<Device, Wire>()
  readonly trace: string[] = []

  constructor(seed: number, { relay, client }: Pairing) {
    this.random = seededRandom(seed)
    this.speaks = relay
    this.relay = new MemoryRelay({
      versions: this.random.pick(relay),
      limits: { message: 100_000, piece: 300, channels: 64, summary: 2048 },
      feedPage: 2,
      waitingBytes: 700,
    })
    this.devices = ['p', 'q', 'r'].map((name) => new Device(name, this.random.next, this.random.pick(client)))
    for (const device of this.devices) {
      this.wires.set(device, { link: null, up: [], down: [] })
      device.start()
    }
  }

  note(what: string): void {
    this.trace.push(what)
  }

  /** Does what a device asked of its socket. */
  settle(device: Device): void {
    const wire = this.wires.get(device)!
    if (device.leaves !== null) throw new Error(`${device.name} gives up the relay: ${device.leaves.reason}`)
    if (!device.wantsSocket) return
    device.wantsSocket = false
    wire.up = []
    wire.down = []
    const link = this.relay.connect((code, reason) => {
      if (wire.link !== link) return
      wire.link = null
      if (code !== 1006) throw new Error(`the relay closes ${device.name}: ${code} ${reason}`)
      this.note(`${device.name} loses the relay`)
      device.handle({ kind: 'socket-closed', code, reason })
    })
    wire.link = link
    device.handle({ kind: 'socket-open' })
  }

  /** Moves some of what waits from the machines into the wire and on to the other side. Order is kept, as in TCP. */
  move(device: Device, budget: number, count: number): void {
    this.settle(device)
    const wire = this.wires.get(device)!
    if (wire.link === null) return
    wire.up.push(...device.client.next(budget))
    wire.down.push(...wire.link.connection.next(budget))
    for (const bytes of wire.up.splice(0, count)) if (wire.link !== null) this.relay.receive(wire.link, bytes)
    for (const bytes of wire.down.splice(0, count)) device.handle({ kind: 'bytes', bytes, now: this.relay.now })
    this.relay.flush()
    if (wire.link !== null) this.relay.sent(wire.link)
    this.settle(device)
    this.check(device)
  }

  /** The connection breaks: what was on its way is lost, after a part of it has still come. */
  cut(device: Device): void {
    const wire = this.wires.get(device)!
    const { link } = wire
    if (link === null) return
    this.note(`cut ${device.name}`)
    for (const bytes of wire.up.slice(0, this.random.int(wire.up.length + 1))) this.relay.receive(link, bytes)
    wire.link = null
    this.relay.gone(link)
    device.handle({ kind: 'socket-closed', code: 1006, reason: '' })
  }

  /** Y11: what a position claims is there. W1: what counts as synced is durable. */
  check(device: Device): void {
    if (this.stale.has(device)) return
    for (const [document, held] of device.documents) {
      const room = this.relay.rooms.get(document)
      // A device that has not heard of a purge yet still takes for synced what was (W9).
      if ((room?.purged.size ?? 0) > 0) continue
      const durable = new Set(room?.records.flatMap(({ update }) => decodeItems(update).map(({ id }) => id)))
      if (room !== undefined && held.epoch === room.epoch) {
        for (const { seq, update } of room.records) {
          if (seq > held.seq) break
          for (const { id } of decodeItems(update)) {
            if (!held.items.has(id))
              throw new Error(`${device.name} claims ${document} up to ${held.seq} without ${id}`)
          }
        }
      }
      for (const id of held.synced) {
        if (!durable.has(id))
          throw new Error(`${device.name} takes ${document} ${id} for synced, and it is not durable`)
      }
    }
  }

  /** Devices that have not yet heard that the relay went back. */
  readonly stale = new Set<Device>()

  /** Everything goes through, and everything that waits is exchanged. */
  drain(): void {
    for (let round = 0; round < 400; round++) {
      for (const device of this.devices) {
        if (device.timers.has('retry')) device.handle({ kind: 'timer', timer: 'retry' })
        for (let i = 0; i < 30; i++) this.move(device, 5_000, 1_000)
      }
      this.relay.commit()
      this.relay.tick(100)
      for (const device of this.devices) {
        // Like a program would: what is level by all that it was told is not asked about.
        for (const document of DOCUMENTS) if (device.isBehind(document)) device.open(document, 'exchange')
        for (const opening of [...device.openings.values()]) {
          if (opening.mode === 'exchange' && opening.level && opening.sent.size === 0) device.close(opening.document)
        }
      }
      if (this.isLevel()) return
    }
    throw new Error(`not level after draining:\n${this.report()}`)
  }

  isLevel(): boolean {
    return this.devices.every(
      (device) =>
        device.client.state.kind === 'open' &&
        device.client.state.memory.cursor === this.relay.history.head &&
        [...device.openings.values()].every(({ sent }) => sent.size === 0) &&
        DOCUMENTS.every((document) => {
          const held = device.held(document)
          if (held.setAside) return true
          const durable = this.relay.rooms.get(document)?.known.size ?? 0
          return !device.waiting(document) && held.items.size === durable
        }),
    )
  }

  report(): string {
    const lines = this.devices.map((device) => {
      const documents = [...device.documents].map(
        ([name, held]) =>
          `${name} ${held.items.size} items ${held.synced.size} synced epoch ${held.epoch} seq ${held.seq}`,
      )
      const openings = [...device.openings.values()].map(
        (one) =>
          `${one.document}/${one.mode} ready ${one.ready} level ${one.level} sent ${[...one.sent.keys()].join()}`,
      )
      return `${device.name}: ${device.client.state.kind}\n  ${documents.join('\n  ')}\n  ${openings.join('\n  ')}`
    })
    const rooms = [...this.relay.rooms.values()].map(
      (room) => `${room.document} ${room.epoch} ${room.known.size} items`,
    )
    return [...lines, ...rooms, ...this.trace.slice(-80)].join('\n')
  }
}

/** How the relay may lose what it had: not at all, with another incarnation, or by a copy that is put back. */
type Past = 'kept' | 'renewed' | 'put-back'

function operate(world: World, past: Past): void {
  const backInTime = past !== 'kept'
  const { random, relay } = world
  const device = random.pick(world.devices)
  const document = random.pick(DOCUMENTS)
  if (past === 'put-back' && random.chance(0.03)) {
    world.note('put back')
    for (const one of world.devices) world.stale.add(one)
    relay.putBack(Math.max(0, relay.history.commits - random.int(random.pick([2, 4, 20]))))
  }
  const dice = random.int(100)
  if (dice < 25) {
    world.note(`${device.name} edits ${document}`)
    device.edit(document, random.chance(0.2) ? random.int(3_000) : random.int(20))
  } else if (dice < 35) {
    world.note(`${device.name} watches ${document}`)
    device.watched.add(document)
    device.open(document, 'watch')
  } else if (dice < 40) {
    world.note(`${device.name} closes ${document}`)
    device.watched.delete(document)
    device.close(document)
  } else if (dice < 44) {
    const other = random.pick(world.devices)
    world.note(`${device.name} overhears ${document} of ${other.name}`)
    if (!other.held(document).setAside) device.overhear(document, other.held(document).items.values())
  } else if (dice < 46) {
    world.note(`${device.name} sends garbage to ${document}`)
    device.sendGarbage(document)
  } else if (dice < 48) {
    device.lease(document, random.chance(0.7) ? 'acquire' : 'release', device.fencings.at(-1) ?? 0)
  } else if (dice < 50) {
    device.speak(document)
  } else if (dice < 51 && !backInTime) {
    if (!random.chance(0.3)) return
    world.note(`${device.name} purges ${document}`)
    device.client.purge(document, device.held(document).epoch)
  } else if (dice < 53) {
    world.cut(device)
  } else if (dice < 54) {
    world.note('crash')
    if (past === 'renewed' && random.chance(0.5)) {
      world.note('back in time')
      for (const one of world.devices) world.stale.add(one)
      const keep = random.next()
      relay.goBack((_document, seq) => seq <= 3 && keep < 0.5)
    } else {
      relay.crash(random.pick(world.speaks))
    }
  } else if (dice < 58) {
    if (device.timers.has('retry')) device.handle({ kind: 'timer', timer: 'retry' })
  } else if (dice < 70) {
    world.note('commit')
    relay.commit()
    if (random.chance(0.5)) relay.tick(random.int(1_000))
  } else {
    world.move(device, 1 + random.int(2_000), 1 + random.int(5))
  }
  for (const one of world.devices) {
    world.settle(one)
    if (one.client.state.kind === 'open' && one.client.state.memory.incarnation === relay.history.incarnation)
      world.stale.delete(one)
  }
}

function run(seed: number, past: Past, pairing: Pairing): World {
  const world = new World(seed, pairing)
  try {
    for (let i = 0; i < 250; i++) operate(world, past)
    world.drain()
    for (const document of DOCUMENTS) {
      const ids =
        world.relay.rooms.get(document)?.records.flatMap(({ update }) => decodeItems(update).map(({ id }) => id)) ?? []
      expect(ids.length, `${document} holds something twice`).toBe(new Set(ids).size)
    }
    for (const device of world.devices) {
      expect(device.refusals).toEqual([])
      for (const [document, room] of world.relay.rooms) {
        if (room.purged.size === 0) continue
        expect(room.records, `${document} comes back after it was purged`).toEqual([])
        expect(device.feed.get(document)?.purged).toBe(true)
        expect(device.held(document).setAside).toBe(true)
      }
      for (const document of DOCUMENTS) {
        const entry = device.feed.get(document)
        const room = world.relay.rooms.get(document)
        if (room !== undefined && room.records.length > 0) expect(entry?.seq).toBe(room.records.length)
      }
    }
  } catch (error) {
    throw new Error(
      `seed ${seed}: ${error instanceof Error ? error.message : error}\n${world.trace.slice(-60).join('\n')}`,
      {
        cause: error,
      },
    )
  }
  return world
}

describe('client and relay over a wire that is cut', () => {
  it.each(PAIRINGS)(
    'W1 W9 Y2 Y8 Y9 Y11 %s: what was acknowledged is durable, once, and everything arrives',
    (_name, pairing) => {
      let decided = 0
      for (let seed = 0; seed < SEEDS; seed++) {
        for (const device of run(seed, 'kept', pairing).devices) decided += device.decided
      }
      expect(decided).toBeGreaterThan(SEEDS * 10)
    },
  )

  it.each(PAIRINGS)('W11 Y2 Y12 %s: and after the relay went back in time', (_name, pairing) => {
    for (let seed = 100_000; seed < 100_000 + SEEDS; seed++) run(seed, 'renewed', pairing)
  })

  it('W11 Y15 and in a copy that goes on by the same name, whatever had been told ahead of the feed', () => {
    for (let seed = 200_000; seed < 200_000 + SEEDS * 3; seed++) {
      run(seed, 'put-back', { client: [SECOND], relay: [SECOND] })
    }
  })
})
