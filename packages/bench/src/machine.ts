import { execFile } from 'node:child_process'
import { arch, cpus, release, type } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findChromium } from '../../toolchain/chromium.mjs'

export interface Machine {
  readonly cores: number
  readonly processor: string
  readonly system: string
  readonly node: string
  readonly chromium: string | null
}

export async function describeMachine(): Promise<Machine> {
  const all = cpus()
  return {
    cores: all.length,
    processor: all[0]?.model.trim() || arch(),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    chromium: await chromiumVersion(),
  }
}

async function chromiumVersion(): Promise<string | null> {
  const path = findChromium()
  if (path === undefined) return null
  const { stdout } = await promisify(execFile)(path, ['--version'])
  return /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? null
}

/** Jiffies of all cores since they started: in all, and idle. */
function counters(): { all: number; idle: number } {
  let all = 0
  let idle = 0
  for (const { times } of cpus()) {
    all += times.user + times.nice + times.sys + times.irq + times.idle
    idle += times.idle
  }
  return { all, idle }
}

/** The share of all cores (0 to 1) in use over the next `ms`, while this process does nothing. */
export async function busyShare(ms: number): Promise<number> {
  const before = counters()
  await wait(ms)
  const after = counters()
  const all = after.all - before.all
  return all === 0 ? 0 : 1 - (after.idle - before.idle) / all
}
