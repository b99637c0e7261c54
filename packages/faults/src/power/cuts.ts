import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Random, seededRandom } from '@holdfast/testkit'
import { inlineCompactor, type UpdateLog } from '@holdfast/update-log'
import { openDiskBlobs } from '@holdfast/update-log/blobs'
import { openLevelLog } from '@holdfast/update-log/level'
import * as Y from 'yjs'
import { Ledger } from '../kill/ledger.ts'
import { wrongValues } from '../peers/author.ts'
import { startRelay } from '../process/relay.ts'
import { Disk } from './disk.ts'
import { type Promised, type Recording, record } from './record.ts'
import type { FileEvent } from './trace.ts'

export interface CutsOptions {
  readonly cuts: number
  readonly seed: number
  /** Power cuts of one recording. */
  readonly perRecording?: number
  /** Acknowledgements in each life of the relay. */
  readonly burst?: number
  /** Each so many, the real relay is started on what is left too. */
  readonly startEvery?: number
  readonly onCut?: (done: number) => void
  readonly isEnough?: () => boolean
}

export interface CutsReport {
  readonly seed: number
  readonly cuts: number
  readonly recordings: number
  /** Acknowledged updates and blobs that were looked for, over all cuts. */
  readonly promises: number
  /** How often the history was renewed, by reason. */
  readonly renewed: ReadonlyMap<string, number>
  readonly started: number
  readonly seconds: number
  readonly faults: readonly string[]
}

/** The tracer's clock and ours may differ by so much, in seconds. */
const MARGIN = 0.002

/** Records what the relay does to its disk, cuts the power at random moments, and looks what is there afterwards. Ends at the first fault. */
export async function cuts(options: CutsOptions): Promise<CutsReport> {
  const { cuts: count, seed, perRecording = 400, burst = 150, startEvery = 50, onCut, isEnough = () => false } = options
  const random = seededRandom(seed)
  const begun = performance.now()
  const renewed = new Map<string, number>()
  const sum = { cuts: 0, recordings: 0, promises: 0, started: 0 }
  let faults: string[] = []
  while (sum.cuts < count && faults.length === 0 && !isEnough()) {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-power-'))
    try {
      const recording = await record(folder, random, 3, burst)
      sum.recordings += 1
      const here = Math.min(perRecording, count - sum.cuts)
      for await (const found of foundAfter(recording, join(folder, 'found'), here, random)) {
        sum.cuts += 1
        sum.promises += found.promises
        if (found.renewed !== null) renewed.set(found.renewed, (renewed.get(found.renewed) ?? 0) + 1)
        faults = [...found.faults]
        if (faults.length === 0 && sum.cuts % startEvery === 0) {
          sum.started += 1
          faults = await startsOn(join(folder, 'found', 'data'))
        }
        if (faults.length > 0) faults = faults.map((fault) => `cut ${sum.cuts} (${found.where}): ${fault}`)
        if (faults.length > 0 || isEnough()) break
        onCut?.(sum.cuts)
      }
    } finally {
      if (faults.length === 0) await rm(folder, { recursive: true, force: true })
      else faults.push(`what was found is kept in ${join(folder, 'found')}`)
    }
  }
  return { seed, ...sum, renewed, seconds: (performance.now() - begun) / 1000, faults }
}

interface FoundAfter {
  readonly where: string
  readonly promises: number
  readonly renewed: string | null
  readonly faults: readonly string[]
}

/** Cuts the power at random moments of a recording, in order. */
async function* foundAfter(
  recording: Recording,
  place: string,
  count: number,
  random: Random,
): AsyncGenerator<FoundAfter> {
  const { root, events, promised, ledger, key } = recording
  const moments = Array.from({ length: count }, () => momentIn(events, random)).sort((a, b) => a - b)
  const disk = new Disk()
  const owed = new Ledger()
  const blobs: string[] = []
  let isKeyUsed = false
  let taken = 0
  let told = 0
  for (const moment of moments) {
    for (; taken < moment; taken += 1) disk.take(events[taken]!)
    // The power goes just before the next thing happens: what had been promised by then is owed.
    const until = (events[moment]?.at ?? Number.POSITIVE_INFINITY) - MARGIN
    for (; told < promised.length && promised[told]!.at <= until; told += 1) {
      const promise: Promised = promised[told]!
      if (promise.kind === 'update') owed.acknowledge(promise.document, promise.update)
      else if (promise.kind === 'blob') blobs.push(promise.hash)
      else isKeyUsed = true
    }
    await rm(place, { recursive: true, force: true })
    for (const [path, content] of disk.afterPowerCut(random)) {
      const to = join(place, 'data', path.slice(root.length))
      await mkdir(content === 'folder' ? to : dirname(to), { recursive: true, mode: 0o700 })
      if (content !== 'folder') await writeFile(to, content)
    }
    const data = join(place, 'data')
    const { renewed, faults } = await look(data, owed, ledger, blobs)
    if (isKeyUsed && (await keyIn(data)) !== key) faults.push('the key is not the one that tokens were signed with')
    const where = `event ${moment} of ${events.length}`
    yield { where, promises: owed.acknowledged + blobs.length, renewed, faults }
  }
}

/** Names change seldom, and much hangs on them: half of the cuts are about such a moment. */
function momentIn(events: readonly FileEvent[], random: Random): number {
  const any = random.int(events.length)
  if (random.chance(0.5)) return any
  const rest = events.slice(any)
  const next = rest.findIndex(
    ({ kind }) => kind !== 'write' && !kind.endsWith('sync-begun') && !kind.endsWith('synced'),
  )
  return Math.min(events.length, any + Math.max(0, next) + random.int(5))
}

async function look(
  data: string,
  owed: Ledger,
  sent: Ledger,
  blobs: readonly string[],
): Promise<{ renewed: string | null; faults: string[] }> {
  const faults: string[] = []
  let log: UpdateLog
  try {
    log = await openLevelLog({ directory: data, compactor: inlineCompactor })
  } catch (error) {
    return { renewed: null, faults: [`it does not open: ${String(error)}`] }
  }
  try {
    for (const document of sent.documents) {
      const loaded = await log.load({ space: 'default', document })
      const doc = new Y.Doc()
      if (loaded?.snapshot) Y.applyUpdate(doc, loaded.snapshot)
      for (const update of loaded?.updates ?? []) Y.applyUpdate(doc, update)
      faults.push(...owed.missingFrom(document, doc), ...sent.neverSentIn(document, doc))
      for (const key of wrongValues(doc)) faults.push(`${document} has a wrong value under ${key}`)
    }
  } catch (error) {
    faults.push(String(error))
  } finally {
    await log.close()
  }
  const store = await openDiskBlobs(join(data, 'blobs'))
  for (const hash of blobs) {
    const verdict = await store.verify({ space: 'default', hash })
    if (verdict !== 'whole') faults.push(`the blob ${hash} is ${verdict}`)
  }
  await store.close()
  return { renewed: log.opened.renewed?.reason ?? null, faults }
}

async function keyIn(data: string): Promise<string | null> {
  try {
    return await readFile(join(data, 'key'), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** The real process comes up on it and says that it is ready. */
async function startsOn(data: string): Promise<string[]> {
  try {
    const relay = await startRelay({ data })
    const { status } = await fetch(`${relay.url}/readyz`)
    const { code } = await relay.end('SIGTERM')
    return status === 200 && code === 0 ? [] : [`it answers /readyz with ${status} and ends with ${code}`]
  } catch (error) {
    return [String(error)]
  }
}
