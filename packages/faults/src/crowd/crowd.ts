import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '@holdfast/testkit'
import { startRelay } from '../process/relay.ts'
import { type Member, stockMember, syncMember } from './member.ts'

export interface CrowdOptions {
  readonly clients: number
  readonly rooms: number
  readonly seed: number
  /** Milliseconds after which it is given up. */
  readonly patience: number
}

export interface CrowdReport {
  readonly clients: number
  readonly rooms: number
  /** Seconds from the relay listening again to everybody having everything. */
  readonly synced: number
  /** The relay's largest resident size after the restart, in MB; null where nobody tells. */
  readonly resident: number | null
  readonly faults: readonly string[]
}

/**
 * Clients that share rooms, half by each endpoint; the relay is killed, everybody makes an edit while it is away, it comes back on the same port, and
 * everybody comes again with full jitter.
 */
export async function crowd({ clients, rooms, seed, patience }: CrowdOptions): Promise<CrowdReport> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-crowd-'))
  const random = seededRandom(seed)
  const data = join(folder, 'data')
  let relay = await startRelay({ data })
  const members: Member[] = []
  const inRoom = clients / rooms
  let look: () => void = () => undefined
  const everybodyHas = async (count: number): Promise<boolean> => {
    const late = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => late.resolve(false), patience)
    const all = new Promise<boolean>((resolve) => {
      look = () => {
        if (members.every((member) => member.has >= count)) resolve(true)
      }
      look()
    })
    const isThere = await Promise.race([all, late.promise])
    clearTimeout(timer)
    return isThere
  }
  const faults: string[] = []
  let synced = 0
  let resident: number | null = null
  try {
    for (let i = 0; i < clients; i += 1) {
      const made = {
        url: relay.url,
        document: `room-${i % rooms}`,
        name: `member${i}`,
        client: i + 1,
        random,
        onChange: () => look(),
      }
      members.push(i % 2 === 0 ? syncMember(made) : stockMember(made))
    }
    for (const [i, member] of members.entries()) member.edit(`before/${i}`)
    if (!(await everybodyHas(inRoom))) faults.push('not everybody had everything before the restart')
    await relay.end('SIGKILL')
    for (const [i, member] of members.entries()) member.edit(`away/${i}`)
    relay = await startRelay({ data, args: ['--port', new URL(relay.url).port] })
    const begun = performance.now()
    if (!(await everybodyHas(2 * inRoom))) {
      const short = members.filter((member) => member.has < 2 * inRoom).length
      faults.push(`${short} of ${clients} had not everything after ${patience / 1000} s`)
    }
    synced = (performance.now() - begun) / 1000
    resident = await largestResident(relay.pid)
  } finally {
    for (const member of members) member.leave()
    const { code, err } = await relay.end('SIGTERM')
    if (code !== 0) faults.push(`it ended with ${code}: ${err}`)
    await rm(folder, { recursive: true, force: true })
  }
  return { clients, rooms, synced, resident, faults }
}

/** `VmHWM` of proc(5), in MB. */
export async function largestResident(pid: number): Promise<number | null> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
