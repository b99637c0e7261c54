import { setTimeout as after } from 'node:timers/promises'
import { encodeStateVector } from '@holdfast/protocol'
import type { Random } from '@holdfast/testkit'
import { type RelayProcess, spawnRelay } from '../process/relay.ts'
import { Device, type DeviceMemory } from './device.ts'
import type { Errands } from './errands.ts'
import type { Ledger } from './ledger.ts'
import { briefWriter, stockWriter, syncWriter, type Writer } from './writers.ts'

export interface SessionOptions {
  readonly data: string
  /** Counts up; Yjs client ids are made of it. */
  readonly number: number
  readonly random: Random
  readonly ledger: Ledger
  readonly memory: DeviceMemory
  readonly errands: Errands
  readonly writers: number
}

/** Documents that the writers share. */
const SHARED = 4
/** Documents that are opened and closed again and again. */
const BRIEF = 3
/** Fresh documents after so many sessions, so that reading them whole stays quick. */
const ERA = 12
const EMPTY = encodeStateVector(new Map())
const LONGEST_BURST_MS = 110
const MOST_ACKS = 500
/** About as long as it takes from being started to listening, and some more. */
const STARTUP_MS = 260

/** What is shared in this session. */
function documentsOf(number: number): { shared: string[]; brief: string[] } {
  const era = Math.floor(number / ERA)
  const named = (kind: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${kind}${i}-era${era}`)
  return { shared: named('shared', SHARED), brief: named('brief', BRIEF) }
}

/**
 * One life of the relay: started on what the last one left, looked at by a device that remembers it, written to by everybody, and killed.
 * @returns what was wrong
 */
export async function liveAndDie(options: SessionOptions): Promise<string[]> {
  const { data, random } = options
  if (random.chance(0.08)) {
    // Killed while it starts, wherever it is by then.
    const { child, closed } = spawnRelay({ data })
    await Promise.race([after(random.next() * STARTUP_MS), closed])
    child.kill('SIGKILL')
    const { err } = await closed
    return complaintsIn(err)
  }
  const relay = await spawnRelay({ data }).ready
  const faults = [...(await serve(relay, options)), ...complaintsIn((await relay.end('SIGKILL')).err)]
  return faults
}

/** Nothing that a kill does may renew the history, be refused, or fail. */
function complaintsIn(err: string): string[] {
  return err
    .split('\n')
    .filter((line) => line.trim() !== '' && !isOrdinary(line))
    .map((line) => `the relay said: ${line}`)
}

/** What any start and end says. */
function isOrdinary(line: string): boolean {
  if (!line.startsWith('{')) return false
  const { level, event } = JSON.parse(line) as { level?: string; event?: string }
  return level === 'info' && event !== 'incarnation-renewed'
}

async function serve(relay: RelayProcess, options: SessionOptions): Promise<string[]> {
  const { number, random, ledger, memory, errands } = options
  const { url } = relay
  const { shared, brief } = documentsOf(number)
  const device = new Device(url, `device${number}`, memory, ledger)
  await device.connect()
  const vectors = new Map<string, Uint8Array>()
  const [undone] = await Promise.all([
    errands.check(url, random, false),
    ...[...shared, ...brief].map(async (document) => {
      vectors.set(document, (await device.check(document, shared.includes(document))) ?? EMPTY)
    }),
  ])
  const faults = (): string[] => [...device.faults, ...undone]
  if (faults().length > 0) {
    device.leave()
    return faults()
  }
  const dying = Promise.withResolvers<void>()
  let left = random.chance(0.5) ? random.int(MOST_ACKS) : Number.POSITIVE_INFINITY
  const onAcknowledged = (): void => {
    left -= 1
    if (left <= 0) dying.resolve()
  }
  const writers = Array.from({ length: options.writers }, (_, i): Writer => {
    const document = shared[i % SHARED]!
    const client = number * 100_000 + i + 1
    const stateVector = vectors.get(document) ?? EMPTY
    const made = { url, document, client, stateVector, random, ledger, onAcknowledged }
    return i % 2 === 0 ? stockWriter(made) : syncWriter(made)
  })
  if (random.chance(0.3)) {
    const made = { url, document: brief[0]!, stateVector: EMPTY, random, ledger, onAcknowledged, documents: brief }
    for (const start of [30_000, 60_000]) writers.push(briefWriter({ ...made, client: number * 100_000 + start }))
  }
  // Under way while the writers come, or while they write.
  const isEarly = random.chance(0.5)
  const early = isEarly ? errands.run(url, random) : null
  await Promise.all(writers.map(({ ready }) => ready))
  const gone = early ?? errands.run(url, random)
  const pulse = setInterval(() => {
    for (const writer of writers) writer.write()
  }, 1)
  void after(random.next() * LONGEST_BURST_MS).then(() => {
    if (left === Number.POSITIVE_INFINITY) dying.resolve()
  })
  // However slow the machine: it dies while they write.
  const late = setTimeout(dying.resolve, 20 * LONGEST_BURST_MS)
  await dying.promise
  relay.child.kill('SIGKILL')
  clearTimeout(late)
  // What the relay had handed to the system before it died still comes, and counts.
  await Promise.all([relay.closed, device.closed, gone, ...writers.map(({ closed }) => closed)])
  clearInterval(pulse)
  return faults()
}

/** After the last kill: every document there ever was, and everything that was ever asked for. */
export async function checkAll(options: Omit<SessionOptions, 'number' | 'writers'>): Promise<string[]> {
  const { data, random, memory, ledger, errands } = options
  const relay = await spawnRelay({ data }).ready
  const device = new Device(relay.url, 'device-at-the-end', memory, ledger)
  await device.connect()
  for (const document of ledger.documents) await device.check(document, false)
  const undone = await errands.check(relay.url, random, true)
  device.leave()
  await device.closed
  const { code, err } = await relay.end('SIGTERM')
  const ending = code === 0 ? [] : [`it ended with ${code}`]
  return [...device.faults, ...undone, ...complaintsIn(err), ...ending]
}
