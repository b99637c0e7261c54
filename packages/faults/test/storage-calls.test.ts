import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isFinalClose } from '@holdfast/protocol'
import { seededRandom } from '@holdfast/testkit'
import { inlineCompactor, isUpdateLogError, type UpdateLog } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { type Faults, faultyDatabase, ioError } from '../../update-log/test/faulty.ts'
import { Ledger } from '../src/kill/ledger.ts'
import { readDocument, tryStockWrite, tryWrite } from '../src/peers/attempt.ts'
import { Author } from '../src/peers/author.ts'
import { type RelayHere, relayHere } from '../src/process/in-process.ts'

const DOCUMENTS = ['one', 'two']
const WRITES = 6

interface Place {
  readonly faults: Faults
  readonly directory: string
}

/** The relay over the real LevelDB, with a hand on every call of it. Null when opening itself failed, which is said. */
async function open({ faults, directory }: Place): Promise<{ log: UpdateLog; relay: RelayHere } | null> {
  let now = 0
  try {
    const log = await openLevelLog({
      directory,
      openDatabase: faultyDatabase(faults),
      compactor: inlineCompactor,
      // The pause after a failed reopening takes no time.
      timers: { every: () => () => undefined, now: () => (now += 1_000) },
    })
    return { log, relay: await relayHere({ log, limits: { stateKeptFor: 0, idleAfter: 1 } }) }
  } catch (error) {
    if (isUpdateLogError(error)) return null
    throw error
  }
}

/** Writes and reads by both endpoints, while one call of the storage fails. @returns how many calls there were */
async function play(place: Place, n: number, when: 'before' | 'after'): Promise<number> {
  let calls = 0
  place.faults[when] = () => {
    calls += 1
    if (calls === n) throw ioError()
  }
  const opened = (await open(place)) ?? (await open(place))
  if (opened === null) throw new Error('one failing call kept it from opening twice')
  const { log, relay } = opened
  const random = seededRandom(n)
  const ledger = new Ledger()
  const look = async (): Promise<void> => {
    for (const document of DOCUMENTS) {
      const found = await readDocument(relay.url, document)
      // All of what was acknowledged, or a refusal that may be tried again: never blank, never short.
      if (typeof found === 'number') expect(isFinalClose(found), `${document}: ${found}`).toBe(false)
      else expect(ledger.faultsOf(document, found)).toEqual([])
    }
  }
  for (let i = 0; i < WRITES; i += 1) {
    const document = DOCUMENTS[i % 2]!
    const write = i % 4 < 2 ? tryWrite : tryStockWrite
    const update = new Author(i + 1, random).next()
    ledger.sent(document, update)
    let outcome = await write(relay.url, document, update)
    // Once more is enough: one call fails.
    if (outcome !== 'acknowledged') outcome = await write(relay.url, document, update)
    expect(outcome).toBe('acknowledged')
    ledger.acknowledge(document, update)
    if (i === 3) {
      await look()
      await log.compact({ space: 'default', document: 'one' }).catch((error: unknown) => {
        if (!isUpdateLogError(error)) throw error
      })
    }
  }
  await look()
  await relay.close()
  await log.close()
  place.faults[when] = undefined
  const again = await openLevelLog({ directory: place.directory, compactor: inlineCompactor })
  expect(again.opened.renewed).toBeNull()
  for (const document of DOCUMENTS) {
    const loaded = await again.load({ space: 'default', document })
    const doc = new Y.Doc()
    for (const update of [...(loaded?.snapshot ? [loaded.snapshot] : []), ...(loaded?.updates ?? [])]) {
      Y.applyUpdate(doc, update)
    }
    expect(ledger.faultsOf(document, doc)).toEqual([])
  }
  await again.close()
  return calls
}

for (const when of ['before', 'after'] as const) {
  test(`U3 W1 W3 every storage call failing once, ${when} it is done, for every n: no ack for a failed write, no blank document, no crash`, {
    timeout: 180_000,
  }, async () => {
    let n = 1
    for (let calls = 1; calls >= n; n += 1) {
      const directory = await mkdtemp(join(tmpdir(), 'holdfast-calls-'))
      try {
        calls = await play({ faults: {}, directory }, n, when)
      } catch (error) {
        throw new Error(`call ${n}, ${when}`, { cause: error })
      } finally {
        await rm(directory, { recursive: true, force: true })
      }
    }
    expect(n).toBeGreaterThan(20)
  })
}
