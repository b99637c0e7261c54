import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLOSE, REFUSAL } from '@holdfast/protocol'
import { seededRandom } from '@holdfast/testkit'
import { Ledger } from '../kill/ledger.ts'
import { type Outcome, readDocument, tryStockWrite, tryWrite } from '../peers/attempt.ts'
import { Author } from '../peers/author.ts'
import { putBlob } from '../peers/blobs.ts'
import { startRelay } from '../process/relay.ts'

/** A small disk of its own, in memory. */
export interface SmallDisk {
  readonly path: string
  /** Leaves no byte free. */
  fill(): void
  free(): void
  remove(): Promise<void>
}

/** @returns null when nothing may be mounted here */
export async function smallDisk(megabytes: number): Promise<SmallDisk | null> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-full-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' })
  if (mounted.status !== 0) {
    await rm(path, { recursive: true, force: true })
    return null
  }
  const filler = join(path, 'filler')
  return {
    path,
    fill() {
      const file = openSync(filler, 'a')
      for (const size of [1 << 20, 1 << 12, 1]) {
        const block = new Uint8Array(size)
        try {
          while (writeSync(file, block) === size);
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
        }
      }
      closeSync(file)
    },
    free: () => rmSync(filler),
    async remove() {
      spawnSync('umount', [path], { stdio: 'ignore' })
      await rm(path, { recursive: true, force: true })
    },
  }
}

export interface FullReport {
  readonly rounds: number
  readonly refused: number
  readonly acknowledged: number
  /** Milliseconds from the disk being freed to the first acknowledgement, the longest of all rounds. */
  readonly recovery: number
  readonly faults: readonly string[]
}

const DOCUMENTS = ['one', 'two', 'three']
/** Larger than what is left of a page that was begun. */
const WORDS = 1_000

/** The disk fills up under the real relay and is freed again, some times. */
export async function fullDisk(disk: SmallDisk, rounds: number, seed: number): Promise<FullReport> {
  const random = seededRandom(seed)
  const data = join(disk.path, 'data')
  await mkdir(data)
  const ledger = new Ledger()
  const faults: string[] = []
  let clients = 0
  let refused = 0
  let recovery = 0
  let relay = await startRelay({ data })

  const write = async (words: number): Promise<Outcome> => {
    clients += 1
    const document = random.pick(DOCUMENTS)
    const update = new Author(clients, random).next(words)
    ledger.sent(document, update)
    const outcome = await (random.chance(0.5) ? tryWrite : tryStockWrite)(relay.url, document, update)
    if (outcome === 'acknowledged') ledger.acknowledge(document, update)
    else refused += 1
    return outcome
  }
  const readAll = async (when: string): Promise<void> => {
    for (const document of DOCUMENTS) {
      const found = await readDocument(relay.url, document)
      if (typeof found === 'number') faults.push(`${when}: ${document} cannot be read (${found})`)
      else faults.push(...ledger.faultsOf(document, found).map((fault) => `${when}: ${fault}`))
    }
  }
  const isReason = (outcome: Outcome): boolean => outcome === REFUSAL.STORAGE_FULL || outcome === CLOSE.STORAGE_FAILED

  for (let round = 1; round <= rounds && faults.length === 0; round += 1) {
    for (let n = 0; n < 10; n += 1) {
      const outcome = await write(1 + random.int(50))
      if (outcome !== 'acknowledged') faults.push(`round ${round}: refused with ${outcome} while there is room`)
    }
    disk.fill()
    // What is left of pages that were begun may still take some.
    for (let n = 0; n < 50 && (await write(WORDS)) === 'acknowledged'; n += 1);
    for (let n = 0; n < 6; n += 1) {
      const outcome = await write(WORDS)
      if (!isReason(outcome)) faults.push(`round ${round}: the disk is full, and a write became ${outcome}`)
    }
    await readAll(`round ${round}, full`)
    const blob = await putBlob(relay.url, random.bytes(20_000)).catch((error: unknown) => String(error))
    if (!blob.includes('507')) faults.push(`round ${round}: a blob on the full disk: ${blob}`)
    const health = await fetch(`${relay.url}/healthz`)
    if (health.status !== 200) faults.push(`round ${round}: /healthz answers ${health.status}`)
    const ready = await fetch(`${relay.url}/readyz`)
    if (ready.status !== 503) faults.push(`round ${round}: writes fail, and /readyz answers ${ready.status}`)
    disk.free()
    const freed = performance.now()
    let outcome: Outcome = 'gone'
    while (outcome !== 'acknowledged' && performance.now() - freed < 20_000) outcome = await write(1 + random.int(50))
    recovery = Math.max(recovery, performance.now() - freed)
    if (outcome !== 'acknowledged') faults.push(`round ${round}: there is room again, and writes become ${outcome}`)
    const again = await fetch(`${relay.url}/readyz`)
    if (again.status !== 200) faults.push(`round ${round}: there is room again, and /readyz answers ${again.status}`)
    await readAll(`round ${round}, freed`)
    if (round % 2 === 1) {
      const { err } = await relay.end('SIGKILL')
      if (err.includes('"incarnation-renewed"')) faults.push(`round ${round}: the history was renewed`)
      relay = await startRelay({ data })
      await readAll(`round ${round}, started again`)
    }
  }
  const { code, err } = await relay.end('SIGTERM')
  if (code !== 0) faults.push(`it ended with ${code}`)
  if (err.includes('"incarnation-renewed"')) faults.push(`the history was renewed: ${err}`)
  return { rounds, refused, acknowledged: ledger.acknowledged, recovery, faults }
}
