import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/* What Linux says of a process, from outside. */

/** Of /proc's times; what Linux tells user space since always. */
const TICKS_PER_SECOND = 100

/** User and system time of all its threads. In ms, by steps of 10. */
export async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  // The second field is a name in brackets that may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
}

export interface Memory {
  /** In bytes. */
  readonly resident: number
  /** The most that `resident` was since the start or `forgetPeak`. */
  readonly peak: number
}

export async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1')
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM') }
}

/** Lets the peak begin anew at what is resident now (proc(5), clear_refs). */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5')
}

const LOOK_MS = 250
/** Less than this share of a core is rest. */
const REST = 0.03

/** Resolves when a process has done next to nothing for `quietMs`. @returns its CPU time by then, in ms */
export async function settled(pid: number, quietMs: number, longestMs: number): Promise<number> {
  const until = performance.now() + longestMs
  let quiet = 0
  let before = await cpuOf(pid)
  let last = performance.now()
  while (quiet < quietMs && performance.now() < until) {
    await wait(LOOK_MS)
    const [cpu, now] = [await cpuOf(pid), performance.now()]
    // One tick of the clock is no work.
    quiet = cpu - before <= Math.max(10, REST * (now - last)) ? quiet + (now - last) : 0
    before = cpu
    last = now
  }
  return before
}
