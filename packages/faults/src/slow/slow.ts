import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { CLOSE } from '@holdfast/protocol'
import * as Y from 'yjs'
import { largestResident } from '../crowd/crowd.ts'
import { startRelay } from '../process/relay.ts'
import { narrowPipe } from './narrow-pipe.ts'
import { type Endpoint, openReader, type Reader, type Way, writeMuch } from './reader.ts'

export interface SlowOptions {
  readonly endpoint: Endpoint
  /** Megabytes written while somebody does not read. */
  readonly megabytes: number
  /**
   * Seconds without progress after which a reader is cut. The system tells of progress only when a third of a socket's buffer is free again, which
   * on this machine's own network is more than a megabyte.
   */
  readonly stallAfter: number
  /** Whether one who is slow and drains is tried too: only where there is time to be slow in, and nothing else to slow us. */
  readonly isSlowTried: boolean
}

export interface SlowReport {
  readonly faults: readonly string[]
  /** The relay's largest resident size, in MB: with readers that read, and with one that does not. */
  readonly reading: number | null
  readonly stopped: number | null
  /** Seconds that the slow one took; null when it was not tried. */
  readonly slow: number | null
}

const UPDATE_BYTES = 256 * 1024
/** What one reader who does not read may cost beside those who do, in MB: what waits for it is bounded, the rest is chance. */
const ALLOWANCE = 60

/** A reader that stops is cut, costs no memory and catches up; one that is slow and drains is not cut. */
export async function slowReaders({ endpoint, megabytes, stallAfter, isSlowTried }: SlowOptions): Promise<SlowReport> {
  const faults: string[] = []
  const count = Math.ceil((megabytes * 1024 * 1024) / UPDATE_BYTES)
  const inRelay = async <T>(run: (url: string, pid: number) => Promise<T>): Promise<T> => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-slow-'))
    const relay = await startRelay({ data: join(folder, 'data'), args: ['--limit', `stall-after=${stallAfter}s`] })
    try {
      return await run(relay.url, relay.pid)
    } finally {
      const { code, err } = await relay.end('SIGTERM')
      if (code !== 0) faults.push(`it ended with ${code}: ${err}`)
      await rm(folder, { recursive: true, force: true })
    }
  }

  const reading = await inRelay(async (url, pid) => {
    const reader = await startReading({ url, host: new URL(url).host }, endpoint)
    const written = await writeMuch(url, 'chat', count, UPDATE_BYTES)
    await reader.has(written)
    reader.leave()
    return largestResident(pid)
  })

  const stopped = await inRelay(async (url, pid) => {
    const pipe = await narrowPipe(url)
    const reader = await startReading(pipe, endpoint)
    pipe.flow = 'nothing'
    const written = await writeMuch(url, 'chat', count, UPDATE_BYTES)
    if (!(await isCut(url, stallAfter))) faults.push('the one who does not read is not cut')
    // Before anybody asks for the whole document, which costs what it costs.
    const resident = await largestResident(pid)
    pipe.flow = 'all'
    await reader.closed
    const again = await startReading(pipe, endpoint)
    await again.has(written)
    again.leave()
    await pipe.close()
    return resident
  })

  const trySlow = async (url: string): Promise<number> => {
    const written = await writeMuch(url, 'chat', count, UPDATE_BYTES)
    const begun = performance.now()
    const pipe = await narrowPipe(url)
    pipe.flow = 'little'
    const reader = watchReading(pipe, endpoint)
    await after(3 * stallAfter * 1_000)
    if (await isCut(url, 0)) faults.push('the one who is slow and drains is cut')
    if (hasAll(reader.doc, written)) faults.push('the slow one was too quick for this to say anything: write more')
    pipe.flow = 'all'
    const end = await Promise.race([reader.has(written).then(() => 'whole'), reader.closed.then(() => 'cut')])
    if (end === 'cut') faults.push('the slow one was cut off')
    reader.leave()
    await pipe.close()
    return (performance.now() - begun) / 1000
  }
  const slow = isSlowTried ? await inRelay(trySlow) : null

  if (reading !== null && stopped !== null && stopped > reading + ALLOWANCE) {
    faults.push(`memory grows to ${stopped.toFixed(0)} MB, beside ${reading.toFixed(0)} MB`)
  }
  return { faults, reading, stopped, slow }
}

interface Watched extends Reader {
  /** Resolves when it has all that was written. */
  has(written: Y.Doc): Promise<void>
}

async function startReading(way: Way, endpoint: Endpoint): Promise<Watched> {
  const reader = watchReading(way, endpoint)
  await reader.ready
  return reader
}

function watchReading(way: Way, endpoint: Endpoint): Watched {
  let look: () => void = () => undefined
  const reader = openReader(way, endpoint, 'chat', () => look())
  return {
    ...reader,
    has: (written) =>
      new Promise((resolve) => {
        look = () => {
          if (hasAll(reader.doc, written)) resolve()
        }
        look()
      }),
  }
}

function hasAll(doc: Y.Doc, written: Y.Doc): boolean {
  return Buffer.compare(Y.encodeStateVector(doc), Y.encodeStateVector(written)) === 0
}

/** Whether the relay has cut somebody for not reading, looked at for three times as long as it waits. */
async function isCut(url: string, stallAfter: number): Promise<boolean> {
  const until = performance.now() + 3_000 * stallAfter
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text()
    if (metrics.includes(`holdfast_closes_total{code="${CLOSE.STALLED}"}`)) return true
    if (performance.now() >= until) return false
    await after(100)
  }
}
