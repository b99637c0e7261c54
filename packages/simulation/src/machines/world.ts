import {
  createNetwork,
  createSchedule,
  type Network,
  type Process,
  type Random,
  type Schedule,
  seededRandom,
  type VirtualClock,
  virtualClock,
} from '@holdfast/testkit'
import { settled } from '@holdfast/testkit/globals'

/** Time, chance, order and network, shared by everything in one run. */
export interface World {
  readonly clock: VirtualClock
  readonly schedule: Schedule
  readonly network: Network
  /** What programs draw from. */
  readonly chance: Random
  /** What went wrong by itself: a rejection nobody handled, a promise of ours that broke. */
  readonly failures: Failure[]
  fail(rule: string, what: string): void
  /** What the network did, by name. */
  tally(): Readonly<Record<string, number>>
  /** Lets one event happen, and all that follows from it by itself. False when nothing can happen before time passes. */
  step(random: Random): Promise<boolean>
  /** Moves to the next timer within `ms`, or lets that time pass. */
  wait(ms: number): Promise<boolean>
}

export interface Failure {
  /** The promise that was broken, in a word that stays the same while a trace is made smaller. */
  readonly rule: string
  readonly what: string
}

export function createWorld(seed: number): World {
  const clock = virtualClock()
  const schedule = createSchedule()
  const network = createNetwork(schedule)
  const failures: Failure[] = []
  /** What an event throws has no caller: in a browser it would be an error that nobody handled. */
  const guarded = async (run: () => boolean): Promise<boolean> => {
    try {
      if (!run()) return false
    } catch (error) {
      failures.push({ rule: 'no-surprise', what: `thrown: ${error instanceof Error ? error.stack : String(error)}` })
    }
    await settled()
    return true
  }
  return {
    clock,
    schedule,
    network,
    chance: seededRandom(seed ^ 0x5eed),
    failures,
    fail: (rule, what) => {
      failures.push({ rule, what })
    },
    tally: () => {
      const { events, overtaken } = schedule.tally
      const { connections, broken, dropped, requests, duplicated } = network.tally
      return {
        'event happened': events,
        'event overtook another': overtaken,
        'connection asked for': connections,
        'connection broke': broken,
        'message dropped': dropped,
        'request sent': requests,
        'request arrived twice': duplicated,
      }
    },
    step: (random) => guarded(() => schedule.step(random)),
    wait: (ms) => guarded(() => clock.advanceToNext(ms)),
  }
}

/** The clock as one process has it: what it set does not go off when it is dead. */
export function clockOf(world: World, process: Process): Omit<VirtualClock, 'advance' | 'advanceToNext' | 'pending'> {
  return {
    now: world.clock.now,
    monotonic: world.clock.monotonic,
    after: (ms, run) =>
      world.clock.after(ms, () => {
        if (!process.touch()) return
        world.schedule.enter(process)
        run()
      }),
  }
}
