import type { Random } from './random.ts'

/** Something that can be killed: a tab, a relay. Nothing more is done by it or for it then. */
export interface Process {
  readonly name: string
  readonly isAlive: boolean
  /** Runs when it dies, at once. */
  onDeath(run: () => void): void
  kill(): void
  /**
   * Said at every point where the outside is touched: a write begins, a write is done, a message leaves, a timer fires. False when the process
   * is dead, also when it died at this very point.
   */
  touch(): boolean
  /** Dies at the so-manieth touch from now on, 1 being the next. */
  dieAt(touches: number): void
}

export function createProcess(name: string): Process {
  let isAlive = true
  let left = Number.POSITIVE_INFINITY
  const mourners: (() => void)[] = []
  const process: Process = {
    name,
    get isAlive() {
      return isAlive
    },
    onDeath: (run) => {
      if (isAlive) mourners.push(run)
      else run()
    },
    kill: () => {
      if (!isAlive) return
      isAlive = false
      for (const run of mourners.splice(0)) run()
    },
    touch: () => {
      left--
      if (left <= 0) process.kill()
      return isAlive
    },
    dieAt: (touches) => {
      left = touches
    },
  }
  return process
}

/** Events that happen in the order in which they were pushed. Between lanes there is no order. */
export interface Lane {
  /** @param process whose event it is: skipped when that is dead by then; null is the world's own */
  push(process: Process | null, run: () => void): void
  /** Drops the newest events, all of them unless told how many to leave. Says how many it dropped. */
  clear(leave?: number): number
  readonly length: number
}

/** All that may happen next. The dice decide what does. */
export interface Schedule {
  lane(): Lane
  /** A lane whose events happen only while `isOpen` says so. */
  gatedLane(isOpen: () => boolean): Lane
  /** Lets one event of one lane happen. False when nothing can. Whoever calls lets promises settle before the next. */
  step(random: Random): boolean
  /** True when some event can happen. */
  isBusy(): boolean
  /** The process whose event is happening, or happened last: whatever follows of it by promises is its doing. */
  current(): Process | null
  /** What is done from now on, until the next event, is this process's doing. */
  enter(process: Process | null): void
  /** Events so far, and how many of them happened after one that was pushed later (in another lane). */
  readonly tally: { readonly events: number; readonly overtaken: number }
}

interface Event {
  /** Counts events in the order in which they were pushed. */
  readonly number: number
  readonly process: Process | null
  readonly run: () => void
}

export function createSchedule(): Schedule {
  /** Lanes that hold events, in the order in which they came to hold them. */
  const busy: { events: Event[]; isOpen: () => boolean }[] = []
  let current: Process | null = null
  let pushed = 0
  let latest = -1
  const tally = { events: 0, overtaken: 0 }

  const gatedLane = (isOpen: () => boolean): Lane => {
    const mine = { events: [] as Event[], isOpen }
    return {
      push: (process, run) => {
        if (mine.events.length === 0) busy.push(mine)
        mine.events.push({ number: pushed++, process, run })
      },
      clear: (leave = 0) => {
        const before = mine.events.length
        if (before === 0) return 0
        mine.events.length = Math.min(leave, before)
        if (mine.events.length === 0) busy.splice(busy.indexOf(mine), 1)
        return before - mine.events.length
      },
      get length() {
        return mine.events.length
      },
    }
  }

  const open = (): typeof busy => busy.filter((lane) => lane.isOpen())

  return {
    lane: () => gatedLane(() => true),
    gatedLane,
    step: (random) => {
      for (let lanes = open(); lanes.length > 0; lanes = open()) {
        const lane = random.pick(lanes)
        const event = lane.events.shift()!
        if (lane.events.length === 0) busy.splice(busy.indexOf(lane), 1)
        if (event.process && !event.process.isAlive) continue
        current = event.process
        tally.events++
        if (event.number < latest) tally.overtaken++
        latest = Math.max(latest, event.number)
        event.run()
        return true
      }
      return false
    },
    isBusy: () => open().length > 0,
    current: () => current,
    enter: (process) => {
      current = process
    },
    tally,
  }
}
