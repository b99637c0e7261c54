import { createHash } from 'node:crypto'
import type { VirtualClock } from './clock.ts'
import type { Random } from './random.ts'
import type { Process, Schedule } from './schedule.ts'

/**
 * Takes the globals that libraries reach for by themselves (time, timers, chance), so that a seed decides those too: y-protocols looks at
 * the time, Yjs draws client ids, the relay waits for turns of the event loop. Import this before the libraries: some keep what they found when they
 * were loaded. Outside of `seizeGlobals` everything is what it was.
 */
export interface Seizure {
  readonly clock: VirtualClock
  readonly schedule: Schedule
  readonly random: Random
}

const real = {
  now: Date.now,
  random: Math.random,
  getRandomValues: crypto.getRandomValues.bind(crypto),
  digest: crypto.subtle.digest.bind(crypto.subtle),
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
}

let seizure: Seizure | null = null

/** What the fake timers give out: cancelled by the fake `clear...`, and good for `unref` as Node's are. */
class Handle {
  cancel: () => void
  constructor(cancel: () => void) {
    this.cancel = cancel
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

type Run = (...args: unknown[]) => void

/** Runs for the process that asked, unless that has died. */
function inItsName(schedule: Schedule, process: Process | null, run: () => void): () => void {
  return () => {
    if (process && !process.touch()) return
    schedule.enter(process)
    run()
  }
}

function fakeTimeout({ clock, schedule }: Seizure, run: Run, ms: number, args: unknown[]): Handle {
  return new Handle(
    clock.after(
      ms,
      inItsName(schedule, schedule.current(), () => run(...args)),
    ),
  )
}

function fakeInterval({ clock, schedule }: Seizure, run: Run, ms: number, args: unknown[]): Handle {
  const process = schedule.current()
  const handle = new Handle(() => undefined)
  const again = (): void => {
    handle.cancel = clock.after(
      Math.max(1, ms),
      inItsName(schedule, process, () => {
        again()
        run(...args)
      }),
    )
  }
  again()
  return handle
}

const immediates = new WeakMap<Schedule, WeakMap<object, ReturnType<Schedule['lane']>>>()
const WORLD = {}

/** Immediates of one process keep their order. */
function fakeImmediate({ schedule }: Seizure, run: Run, args: unknown[]): Handle {
  const process = schedule.current()
  const lanes = immediates.get(schedule) ?? new WeakMap()
  immediates.set(schedule, lanes)
  const lane = lanes.get(process ?? WORLD) ?? schedule.lane()
  lanes.set(process ?? WORLD, lane)
  let isCancelled = false
  lane.push(process, () => {
    if (!isCancelled) run(...args)
  })
  return new Handle(() => {
    isCancelled = true
  })
}

function clear(handle: unknown, otherwise: (handle: never) => void): void {
  if (handle instanceof Handle) handle.cancel()
  else otherwise(handle as never)
}

Date.now = () => seizure?.clock.now() ?? real.now()
Math.random = () => seizure?.random.next() ?? real.random()
crypto.getRandomValues = (array) => {
  if (!seizure || !ArrayBuffer.isView(array)) return real.getRandomValues(array)
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  for (let i = 0; i < bytes.length; i++) bytes[i] = seizure.random.int(256)
  return array
}
// The real one answers from another thread, when it likes.
crypto.subtle.digest = (algorithm, data) => {
  if (!seizure) return real.digest(algorithm, data)
  const name = typeof algorithm === 'string' ? algorithm : algorithm.name
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
  const digest = createHash(name.replace('-', '').toLowerCase()).update(bytes).digest()
  return Promise.resolve(new Uint8Array(digest).buffer)
}
globalThis.setTimeout = Object.assign(
  (run: Run, ms = 0, ...args: unknown[]) =>
    seizure ? fakeTimeout(seizure, run, ms, args) : real.setTimeout(run, ms, ...args),
  real.setTimeout,
) as unknown as typeof globalThis.setTimeout
globalThis.setInterval = ((run: Run, ms = 0, ...args: unknown[]) =>
  seizure
    ? fakeInterval(seizure, run, ms, args)
    : real.setInterval(run, ms, ...args)) as unknown as typeof globalThis.setInterval
globalThis.setImmediate = Object.assign(
  (run: Run, ...args: unknown[]) => (seizure ? fakeImmediate(seizure, run, args) : real.setImmediate(run, ...args)),
  real.setImmediate,
) as unknown as typeof globalThis.setImmediate
globalThis.clearTimeout = (handle) => clear(handle, real.clearTimeout)
globalThis.clearInterval = (handle) => clear(handle, real.clearInterval)
globalThis.clearImmediate = (handle) => clear(handle, real.clearImmediate)

/** From now on time, timers and chance are these. @returns what gives the real ones back */
export function seizeGlobals(by: Seizure): () => void {
  if (seizure) throw new Error('the globals are seized already')
  seizure = by
  return () => {
    seizure = null
  }
}

/** Resolves when every promise that could settle without the world's help has: nothing more happens by itself. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    real.setImmediate(resolve)
  })
}
