import { setTimeout as wait } from 'node:timers/promises'
import { badFrames } from './bad-frames.ts'
import { Latencies } from './latencies.ts'
import { StockClient, type Target, UPDATE } from './stock.ts'
import { connected, type Percentiles } from './stream.ts'
import { reach, typed } from './typist.ts'

export interface HostileArgs {
  readonly target: Target
  readonly name: string
  readonly seed: number
  readonly connections: number
  /** Bad frames of each connection; one that is closed comes again. */
  readonly frames: number
  /** Updates a second of the honest writer. */
  readonly rate: number
}

const WATCHERS = 3
/** Between two bad frames of one connection. In ms. */
const PAUSE_MS = 20
/** What has not come by then will not come. In ms. */
const GIVE_UP_MS = 5_000

/** @returns the honest conversation's delivery while the hostile ones send, each to a document of its own */
export async function hostile(args: HostileArgs): Promise<{ delivery: Percentiles; lost: number; closed: number }> {
  const { target, name, seed, connections, frames, rate } = args
  const document = `${name}-honest`
  const updates = typed(100_000, 0xffffffff)
  // Made before, because making them takes longer than sending them and the honest clients live here too.
  const attackers = Array.from({ length: connections }, (_, number) => {
    const own = `${name}-${number}`
    return { own, bad: [...badFrames(target, own, seed * 1000 + number, frames)] }
  })
  const delivery = new Latencies()
  const sentAt = new Float64Array(updates.length)
  const reached = Array.from({ length: WATCHERS }, () => 0)
  await Promise.all(
    reached.map((_, watcher) =>
      connected(target, document, (update) => {
        const now = performance.now()
        const to = ownReach(update)
        for (let i = reached[watcher]!; i < to; i += 1) delivery.add(now - sentAt[i]!)
        reached[watcher] = Math.max(reached[watcher]!, to)
      }),
    ),
  )
  const writer = await connected(target, document, () => undefined)
  let sent = 0
  let isOver = false
  const begun = performance.now()
  const some = (): void => {
    const due = Math.floor(((performance.now() - begun) * rate) / 1000)
    for (; sent < due; sent += 1) {
      sentAt[sent] = performance.now()
      writer.send(writer.frame(UPDATE, updates[sent]!))
    }
    if (!isOver) setTimeout(some, 1)
  }
  some()
  const closed = await Promise.all(attackers.map(({ own, bad }) => attack(target, own, bad)))
  isOver = true
  const until = performance.now() + GIVE_UP_MS
  while (Math.min(...reached) < sent && performance.now() < until) await wait(10)
  const now = performance.now()
  let lost = 0
  for (const to of reached) {
    for (let i = to; i < sent; i += 1) delivery.add(now - sentAt[i]!)
    lost += Math.max(0, sent - to)
  }
  return {
    delivery: { p50: delivery.percentile(0.5), p99: delivery.percentile(0.99) },
    lost,
    closed: closed.reduce((sum, count) => sum + count, 0),
  }
}

/** What others wrote into the document is none of the honest writer's. */
function ownReach(update: Uint8Array): number {
  try {
    return reach(update)
  } catch {
    return 0
  }
}

/** @returns how often it was closed */
async function attack(target: Target, document: string, frames: readonly Buffer[]): Promise<number> {
  let closed = 0
  let client: StockClient | null = null
  for (const bad of frames) {
    client ??= await comes(target, document, () => {
      closed += 1
      client = null
    })
    client?.send(bad)
    await wait(PAUSE_MS)
  }
  client?.terminate()
  return closed
}

/** @returns null when it was not let in */
function comes(target: Target, document: string, onClosed: () => void): Promise<StockClient | null> {
  return new Promise((resolve) => {
    const client: StockClient = new StockClient(target, document, {
      opened: () => resolve(client),
      update: () => undefined,
      closed() {
        onClosed()
        resolve(null)
      },
    })
  })
}
