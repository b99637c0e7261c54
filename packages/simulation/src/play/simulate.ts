import { type Random, seededRandom } from '@holdfast/testkit'
import { seizeGlobals } from '@holdfast/testkit/globals'
import { findLostBlobs } from '../check/blobs.ts'
import { findBrokenPromises, findDifferences, findGhosts, findLies, findStale } from '../check/promises.ts'
import { type Replicas, readAsides, readReplicas } from '../check/replicas.ts'
import { findForgotten } from '../check/seen.ts'
import { describeState } from '../check/state.ts'
import type { Tab } from '../machines/device.ts'
import { createStage, type Stage } from '../machines/stage.ts'
import type { Failure, World } from '../machines/world.ts'
import { OPERATIONS } from './operations.ts'
import type { Operation } from './plan.ts'
import { hasGrownInPlace, hasSpokenFirst } from './versions.ts'

export interface Run {
  /** Decides what programs draw; the plan decides everything else. */
  readonly seed: number
  readonly plan: readonly Operation[]
  readonly peers: number
}

export interface Outcome {
  /** Empty when every promise was kept. */
  readonly failures: readonly Failure[]
  /** What happened, a line each. */
  readonly trace: readonly string[]
  readonly figures: Figures
}

export interface Figures {
  readonly events: number
  readonly conversations: number
  /** Edits that were followed, and of these how many were called saved, and synced. */
  readonly edits: number
  readonly saved: number
  readonly synced: number
  /** Kept aside on a device because its epoch was purged (W9). */
  readonly setAside: number
  /** Milliseconds of virtual time until everything had come to rest. */
  readonly drained: number
  /** How often each thing really happened, by its name. */
  readonly counts: Readonly<Record<string, number>>
}

interface Counter {
  events: number
  drained: number
  setAside: number
}

/** Milliseconds that a `wait` may last. */
const WAITS = [20, 200, 2_000, 30_000]
/** More than this between two looks is going in a circle. */
const MOST_EVENTS = 20_000
/** Virtual time in which everything must be well again when nothing goes wrong any more, in ms. */
const PATIENCE = 5 * 60_000
const LOOK_EVERY = 10_000
/** In this time whoever has a connection that carries has heard of everything, in ms. */
const CALM = 15_000
/** After so many times that, everybody has noticed which connections are dead, and made others. */
const CALMS = 5
/** After this long nobody will tell a newer summary by itself, in ms. */
const STALE_AFTER = 60_000
/** Of all events that the end may take. */
const MOST_DRAINING = 100_000

/** Plays a plan, mends everything, and looks whether every promise was kept. Nothing in it depends on real time or chance. */
export async function simulate(run: Run): Promise<Outcome> {
  const stage = createStage(run.seed, run.peers)
  const { world } = stage
  const release = seizeGlobals({ clock: world.clock, schedule: world.schedule, random: world.chance })
  const onRejection = (error: unknown): void => {
    world.fail('no-surprise', `nobody handled: ${error instanceof Error ? error.stack : String(error)}`)
  }
  process.on('unhandledRejection', onRejection)
  const trace: string[] = []
  const counter: Counter = { events: 0, drained: 0, setAside: 0 }
  try {
    stage.relay.start()
    for (let seat = 0; seat < run.peers; seat++) stage.sit(seat)
    await advance(world, seededRandom(run.seed), 1_000, counter)
    let isNews = false
    for (const operation of run.plan) {
      if (world.failures.length > 0) break
      // Version 1 does not see what was told ahead of the feed: everybody is given the time to hear of everything before a folder is put back,
      // or of the folder before somebody speaks version 1 who had not.
      const mustHear = isPutBack(operation) ? hasSpokenFirst(stage) : isNews && maySpeakFirst(operation)
      if (mustHear) {
        if (!(await hearEverything(stage, operation.dice, counter))) continue
        if (isPutBack(operation) && (await hasGrownInPlace(stage))) continue
        isNews = false
      }
      await perform(stage, operation, trace, counter)
      isNews ||= isPutBack(operation) && !hasSpokenFirst(stage)
    }
    if (world.failures.length === 0) await drain(stage, counter)
    if (world.failures.length > 0) trace.push(...(await describeState(stage)))
  } finally {
    for (const device of stage.devices) device.losePower()
    for (const guest of [...stage.guests]) guest.crash()
    stage.relay.crash()
    process.off('unhandledRejection', onRejection)
    release()
  }
  const { marks } = stage.ledger
  const figures: Figures = {
    events: counter.events,
    conversations: new Set(marks.map(({ conversation }) => conversation)).size,
    edits: marks.length,
    saved: marks.filter(({ told }) => told !== 'nothing').length,
    synced: marks.filter(({ told }) => told === 'synced').length,
    setAside: counter.setAside,
    drained: counter.drained,
    counts: Object.fromEntries([...stage.counts, ...Object.entries(world.tally())]),
  }
  return { failures: world.failures, trace, figures }
}

function isPutBack({ kind }: Operation): boolean {
  return kind === 'restore' || kind === 'swap'
}

function maySpeakFirst({ kind }: Operation): boolean {
  return kind === 'changeRelay' || kind === 'changeWindow'
}

/**
 * Gives everybody the time to hear of everything, in every window. The one that writes the feed down for its device may have a connection that is
 * dead without its knowing (35 s, Y14) while another is told of acks and positions: as far as version 1 can see, a folder from before goes on from
 * where the device stands. False: somebody does not hear.
 */
async function hearEverything(stage: Stage, dice: number, counter: Counter): Promise<boolean> {
  const random = seededRandom(dice)
  for (let calms = 0; calms < CALMS && isCalm(stage); calms++) {
    const heard = isHearing(stage)
    await advance(stage.world, random, CALM, counter)
    if (heard && isHearing(stage)) return isCalm(stage)
  }
  return false
}

function isCalm({ devices, relay }: Stage): boolean {
  return relay.running !== null && devices.every(({ isOnline, tabs }) => isOnline && tabs.size > 0)
}

function isHearing({ devices }: Stage): boolean {
  const carries = ({ host }: Tab): boolean => [...host.links].some(({ isCut }) => !isCut)
  return devices.every(({ tabs }) => [...tabs].every(carries))
}

async function perform(
  stage: Stage,
  { kind, peer, dice }: Operation,
  trace: string[],
  counter: Counter,
): Promise<void> {
  const { world } = stage
  const random = seededRandom(dice)
  world.schedule.enter(null)
  const done = OPERATIONS[kind]!.run({ stage, seat: peer % stage.seats.length, random })
  const { kind: what, said } = done === null || typeof done === 'string' ? { kind, said: done } : done
  if (said !== null) stage.did(what)
  const shown = said === null ? '(nothing to do)' : what === kind ? said : `(${what} instead) ${said}`
  trace.push(`${world.clock.monotonic()} ${kind} ${peer} ${shown}`)
  if (kind === 'wait') await advance(world, random, random.pick(WAITS), counter)
  // How far things go before the next thing happens: not at all, a little, or to the end.
  let events = random.pick([0, 1, 3, 10, 30, 100])
  while (events-- > 0 && (await world.step(random))) counter.events++
}

/** Lets time pass, and everything happen that happens in it. */
async function advance(world: World, random: Random, ms: number, counter: Counter): Promise<void> {
  const until = world.clock.monotonic() + ms
  const most = counter.events + MOST_EVENTS
  while (counter.events < most) {
    if (await world.step(random)) counter.events++
    else if (await world.wait(until - world.clock.monotonic())) counter.events++
    else return
  }
  world.fail('comes-to-rest', `${MOST_EVENTS} events in ${ms} ms`)
}

/** Mends what is broken, and waits until all copies are the same and say so. */
async function drain(stage: Stage, counter: Counter): Promise<void> {
  const { world, devices, relay } = stage
  mend(stage)
  const random = seededRandom(1)
  const begun = world.clock.monotonic()
  const most = counter.events + MOST_DRAINING
  let failures: Failure[] = []
  do {
    relay.start()
    for (const seat of devices.keys()) if (stage.deviceOf(seat).tabs.size === 0) stage.sit(seat)
    await advance(world, random, LOOK_EVERY, counter)
    counter.drained = world.clock.monotonic() - begun
    if (world.failures.length > 0) return
    const replicas = await readReplicas(stage)
    const asides = await readAsides(stage)
    counter.setAside = asides.length
    failures = [
      ...findDifferences(stage, replicas),
      ...findGhosts(stage, replicas, asides),
      ...findLies(stage, replicas),
      ...(await findLostBlobs(stage, replicas)),
      ...(await findForgotten(relay.folder, { isPurged: (id) => stage.ledger.purges.has(id), diskFailed: false })),
    ]
    if (failures.length === 0) {
      failures = findBrokenPromises(stage, replicas)
      break
    }
    if (counter.drained >= STALE_AFTER) openStale(stage, replicas)
  } while (counter.drained < PATIENCE && counter.events < most)
  for (const { rule, what } of failures) world.fail(rule, what)
}

function mend({ world, devices, relay, guests }: Stage): void {
  world.schedule.enter(null)
  relay.faults.failing = 0
  relay.running?.process.dieAt(Number.POSITIVE_INFINITY)
  relay.running?.dieOnceShown(null)
  for (const guest of guests) guest.isOnline = true
  for (const device of devices) {
    device.faults.failing = 0
    device.isOnline = true
    for (const tab of device.tabs) tab.process.dieAt(Number.POSITIVE_INFINITY)
  }
}

/**
 * A summary whose writer died before it told the newest one stays as it was until somebody opens the conversation where it is listed so
 * (the store's SPEC, not promised): so somebody does, and then it must be right everywhere.
 */
function openStale(stage: Stage, replicas: Replicas): void {
  for (const device of stage.devices) {
    for (const tab of device.tabs) for (const id of findStale(tab, replicas)) tab.openConversation(id)
  }
}
