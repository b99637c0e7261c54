import { type Random, seededRandom } from '@holdfast/testkit'
import type { UpdateLog } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { type RunningRelay, stockClient } from '../helpers.ts'
import { Copy, Device } from './driver.ts'
import { relayFor, stopRelay } from './house.ts'

const SEEDS = 30
const STEPS = 80
const DOCUMENTS = ['a', 'b', 'c']

/** What one device keeps of one document, whatever becomes of connections. */
interface Kept {
  readonly doc: Y.Doc
  copy: Copy | null
  epoch: string
  seq: number
  /** What it was told to be on the relay's disk. */
  synced: Map<number, number>
}

/** A device that comes and goes over real sockets. */
class Roamer {
  readonly kept = new Map<string, Kept>(
    DOCUMENTS.map((name) => [name, { doc: new Y.Doc(), copy: null, epoch: '', seq: 0, synced: new Map() }]),
  )
  readonly #at: RunningRelay
  readonly #token: string
  device: Device
  readonly #client: string

  constructor(at: RunningRelay, token: string, client: string) {
    this.#at = at
    this.#token = token
    this.#client = client
    this.device = new Device({ port: at.port, token, client })
  }

  async connect(): Promise<void> {
    const { incarnation, cursor } = this.device
    this.device = new Device({ port: this.#at.port, token: this.#token, client: this.#client, incarnation, cursor })
    await this.device.connect()
  }

  get isConnected(): boolean {
    return this.device.sync.state.kind === 'open'
  }

  open(name: string, mode: 'watch' | 'exchange'): void {
    const kept = this.kept.get(name)!
    if (!this.isConnected || (kept.copy !== null && !kept.copy.isOver)) return
    const copy = new Copy(this.device, name, { doc: kept.doc, epoch: kept.epoch, seq: kept.seq, mode })
    kept.copy = copy
    this.device.listen(copy.opening, (effect) => {
      // Everything made before it was sent: when all of it is acknowledged, so is all that the document has.
      copy.hear(effect)
      kept.epoch = copy.epoch
      kept.seq = copy.seq
      if (effect.kind === 'acked' && copy.acked === copy.sent && copy.refused.length === 0) {
        kept.synced = Y.decodeStateVector(Y.encodeStateVector(kept.doc))
      }
    })
  }

  close(name: string): void {
    const { copy } = this.kept.get(name)!
    if (copy !== null && !copy.isOver) copy.tell({ kind: 'close' })
  }

  edit(name: string, random: Random): void {
    const text = this.kept.get(name)!.doc.getText('text')
    if (text.length > 5 && random.chance(0.3)) text.delete(random.int(text.length - 2), 2)
    else text.insert(random.int(text.length + 1), `${random.int(1000)} `)
  }
}

/** A log whose appends fail now and then, before or after they were done. */
function faulty(inner: UpdateLog, random: Random, faults: { on: boolean }): UpdateLog {
  return {
    ...inner,
    async append(ref, update, options) {
      const fails = faults.on && random.chance(0.06)
      if (fails && random.chance(0.5)) throw new Error('before')
      const appended = await inner.append(ref, update, options)
      if (fails) throw new Error('after')
      return appended
    },
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function play(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const faults = { on: true }
  const inner = createMemoryLog()
  const at = await relayFor({ log: faulty(inner, random, faults), limits: { idleAfter: 1, stateKeptFor: 1 } })
  const token = await at.token()
  const roamers = ['r1', 'r2', 'r3'].map((client) => new Roamer(at, token, client))
  const stock = stockClient(at.port, 'a', token)
  for (const roamer of roamers) await roamer.connect()
  for (let step = 0; step < STEPS; step += 1) {
    const roamer = random.pick(roamers)
    const name = random.pick(DOCUMENTS)
    const dice = random.int(100)
    if (dice < 45) roamer.edit(name, random)
    else if (dice < 60) roamer.open(name, 'watch')
    else if (dice < 70) roamer.open(name, 'exchange')
    else if (dice < 78) roamer.close(name)
    else if (dice < 83) roamer.device.cut()
    else if (dice < 90) {
      if (!roamer.isConnected) await roamer.connect()
    } else if (dice < 94) stock.text.insert(0, 's')
    else for (let i = random.int(5); i > 0; i -= 1) await turn()
  }
  faults.on = false
  stock.provider.destroy()
  const stockPeers = (kind: string): number => at.events.filter(({ event }) => event === kind).length
  while (stockPeers('connected') > stockPeers('disconnected')) await turn()
  for (const roamer of roamers) {
    roamer.device.close()
    await roamer.connect()
    for (const name of DOCUMENTS) roamer.open(name, 'watch')
  }
  for (const roamer of roamers) for (const { copy } of roamer.kept.values()) await copy!.synced()
  for (const name of DOCUMENTS) {
    const ref = { space: 'default', document: name }
    for (let round = 0; round < 2; round += 1) {
      const seq = (await inner.load(ref))?.seq ?? 0
      for (const roamer of roamers) await roamer.device.until(() => roamer.kept.get(name)!.copy!.seq >= seq)
    }
    const loaded = await inner.load(ref)
    const stored = new Y.Doc()
    for (const update of loaded?.updates ?? []) Y.applyUpdate(stored, update)
    const has = Y.decodeStateVector(Y.encodeStateVector(stored))
    for (const roamer of roamers) {
      const { doc, synced } = roamer.kept.get(name)!
      for (const [client, clock] of synced) expect(has.get(client) ?? 0).toBeGreaterThanOrEqual(clock)
      expect(doc.getText('text').toString()).toBe(stored.getText('text').toString())
    }
  }
  for (const roamer of roamers) roamer.device.close()
  await stopRelay(at)
}

it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('W1 W2 W5 dice, seed %i', { timeout: 20_000 }, async (seed) => {
  await play(seed)
})
