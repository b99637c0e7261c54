import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeStateVector } from '@holdfast/protocol'
import type { Random } from '@holdfast/testkit'
import { Ledger } from '../kill/ledger.ts'
import { briefWriter, stockWriter, syncWriter, type Writer } from '../kill/writers.ts'
import { putBlob } from '../peers/blobs.ts'
import { type RelayProcess, spawnRelay } from '../process/relay.ts'
import { type FileEvent, TRACED, TraceReader } from './trace.ts'

/** Something that somebody was told is on the disk, and when: seconds since 1970. */
export type Promised = { readonly at: number } & (
  | { readonly kind: 'update'; readonly document: string; readonly update: Uint8Array }
  | { readonly kind: 'blob'; readonly hash: string }
  /** The relay listens: its key has been used. */
  | { readonly kind: 'listening' }
)

export interface Recording {
  readonly root: string
  readonly events: readonly FileEvent[]
  readonly promised: readonly Promised[]
  /** Everything that was ever sent. */
  readonly ledger: Ledger
  readonly key: string
}

/** Keeps the time of each acknowledgement. What was only shown is not promised to outlive a power cut. */
class TimedLedger extends Ledger {
  readonly promised: Promised[] = []

  override acknowledge(document: string, update: Uint8Array): void {
    this.promised.push({ kind: 'update', at: now(), document, update })
  }

  override see(): void {
    this.seen += 1
  }
}

/** The tracer's clock is the wall's. */
function now(): number {
  return Date.now() / 1000
}

/** Whether there is a tracer, and it may trace. */
export function canTrace(): boolean {
  return spawnSync('strace', ['-f', '-o', '/dev/null', process.execPath, '--version'], { stdio: 'ignore' }).status === 0
}

const EMPTY = encodeStateVector(new Map())
const DOCUMENTS = ['one', 'two', 'three']
const BRIEF = ['brief-one', 'brief-two']
const WRITERS = 8

/** Lets the relay live some lives on one folder under the tracer, written to by everybody. */
export async function record(folder: string, random: Random, lives: number, burst: number): Promise<Recording> {
  const root = join(folder, 'data')
  const ledger = new TimedLedger()
  const reader = new TraceReader(root)
  const events: FileEvent[] = []
  for (let life = 1; life <= lives; life += 1) {
    const trace = join(folder, `trace-${life}`)
    const through = ['strace', '-f', '-ttt', '-T', '-xx', '-s', '16777216', '-e', `trace=${TRACED}`, '-o', trace]
    // All that Node does with files is then in calls of its own.
    const relay = await spawnRelay({ data: root, through, env: { UV_USE_IO_URING: '0' } }).ready
    ledger.promised.push({ kind: 'listening', at: now() })
    await load(relay, life, random, ledger, burst)
    process.kill(await tracedBy(relay.pid), life % 2 === 0 ? 'SIGTERM' : 'SIGKILL')
    await relay.closed
    events.push(...reader.read(await readFile(trace, 'latin1')))
  }
  const key = await readFile(join(root, 'key'), 'utf8')
  return { root, events, promised: ledger.promised, ledger, key }
}

/** The tracer's one child (proc(5)). */
async function tracedBy(tracer: number): Promise<number> {
  return Number.parseInt(await readFile(`/proc/${tracer}/task/${tracer}/children`, 'utf8'), 10)
}

/** Everybody writes until so many answers have come. */
async function load(
  relay: RelayProcess,
  life: number,
  random: Random,
  ledger: TimedLedger,
  burst: number,
): Promise<void> {
  const done = Promise.withResolvers<void>()
  let left = burst
  const onAcknowledged = (): void => {
    left -= 1
    if (left === 0) done.resolve()
  }
  const common = { url: relay.url, stateVector: EMPTY, random, ledger, onAcknowledged, most: 4_000 }
  const writers = Array.from({ length: WRITERS }, (_, i): Writer => {
    const made = { ...common, document: DOCUMENTS[i % DOCUMENTS.length]!, client: life * 100_000 + i + 1 }
    return i % 2 === 0 ? stockWriter(made) : syncWriter(made)
  })
  writers.push(briefWriter({ ...common, document: '', documents: BRIEF, client: life * 100_000 + 50_000 }))
  await Promise.all(writers.map(({ ready }) => ready))
  const pulse = setInterval(() => {
    for (const writer of writers) writer.write()
  }, 1)
  const blobs = (async () => {
    while (left > 0) {
      const hash = await putBlob(relay.url, random.bytes(1 + random.int(3_000)))
      ledger.promised.push({ kind: 'blob', at: now(), hash })
    }
  })()
  await Promise.all([done.promise, blobs])
  clearInterval(pulse)
  for (const writer of writers) writer.leave()
  await Promise.all(writers.map(({ closed }) => closed))
}
