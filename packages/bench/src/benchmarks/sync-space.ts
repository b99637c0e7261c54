import { addMessage } from '@holdfast/conversation'
import type { Store } from '@holdfast/store'
import type { Page } from 'playwright'
import { WebSocket as NodeWebSocket } from 'ws'
import { alternate, type Sample } from '../alternate.ts'
import type { Bench, Figure } from '../benchmark.ts'
import { BrowserRun } from '../browser/profile.ts'
import { RelayProcess } from '../browser/relay-process.ts'
import { heapOf, openSyncPage } from '../browser/sync-page.ts'
import { alikeConversations } from '../corpus/alike.ts'
import { fillRelay } from '../corpus/relay-log.ts'
import { openDevice, type Place, until } from '../pages/sync.ts'
import { median } from '../statistics.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const SPACE = 'default'
const COUNT = 10_000
const CHANGED = 200
/** In each conversation before anything is changed. */
const MESSAGES = 4
/** Rounds are long here. */
const RUNS = 3
const QUIET_MS = 500
/** Longer than it takes to ping. */
const IDLE_MS = 26_000

/** Somebody else's device, which has everything and writes. */
class Elsewhere implements AsyncDisposable {
  private readonly store: Store
  private readonly ids: readonly string[]
  private constructor(store: Store) {
    this.store = store
    this.ids = store.list.get().map(({ id }) => id)
  }
  static async open(place: Place): Promise<Elsewhere> {
    const store = await openDevice(place, NodeWebSocket as unknown as typeof WebSocket)
    await until(store.list, (items) => items.length === COUNT)
    await until(store.status, ({ behind }) => (behind ?? 0) === 0)
    return new Elsewhere(store)
  }
  /** A message in each of so many conversations, other ones in each round. Resolves when all is acknowledged. */
  async write(round: number): Promise<string[]> {
    const ids = Array.from({ length: CHANGED }, (_, i) => this.ids[(i * 47 + round) % COUNT]!)
    for (const id of ids) {
      const conversation = await this.store.open(id)
      const at = Date.now()
      const parts = [{ type: 'text', text: 'And one more question.' }] as const
      conversation.edit((doc) => addMessage(doc, { id: `more-${round}`, role: 'user', createdAt: at, parts }))
      await conversation.saved()
      conversation.close()
    }
    await until(this.store.status, ({ waiting }) => waiting === 0)
    return ids
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close()
  }
}

async function oneRound(page: Page, place: Place, elsewhere: Elsewhere, round: number): Promise<Sample> {
  const { list, all } = await page.evaluate(([place, count]) => benchSync.arrive(place, count), [place, COUNT] as const)
  const again = await page.evaluate(([place, ms]) => benchSync.comeBack(place, ms), [place, QUIET_MS] as const)
  const changed = await elsewhere.write(round)
  const caughtUp = await page.evaluate(([place, changed, messages]) => benchSync.catchUp(place, changed, messages), [
    place,
    changed,
    MESSAGES + 1,
  ] as const)
  return { list, all, caughtUp, bytes: again.bytes, roundTrips: again.roundTrips }
}

/** What stays in a page, and on its socket, when nothing happens. */
async function idle(page: Page, place: Place, url: string) {
  const heapWhen = async (relay: Place['relay']) => {
    await openSyncPage(page, url)
    const before = await heapOf(page)
    await page.evaluate(([place, count]) => benchSync.stayOpen(place, count), [{ ...place, relay }, COUNT] as const)
    return (await heapOf(page)) - before
  }
  const list = await heapWhen(null)
  await page.evaluate(() => benchSync.closeIdle())
  const connected = await heapWhen(place.relay)
  const bytes = await page.evaluate((ms) => benchSync.idleTraffic(ms), IDLE_MS)
  await page.evaluate(() => benchSync.closeIdle())
  return { list, connected, bytes }
}

/** A space of 10,000 conversations: a device that is new, one that comes back to nothing new, one that missed some, one that idles. */
export async function measureSpace(bench: Bench): Promise<{ figures: Figure[]; notes: string[] }> {
  await using data = await TemporaryFolder.make('relay')
  await using profile = await TemporaryFolder.make('catch-up')
  bench.say(`filling a relay with ${COUNT} conversations`)
  await fillRelay(data.path, SPACE, alikeConversations(COUNT, Date.now()))
  await using process = await RelayProcess.start(data.path)
  const { url, token } = process.listening
  const place = (device: string): Place => ({ space: SPACE, device, relay: { url, token } })
  const begun = performance.now()
  await using elsewhere = await Elsewhere.open(place('elsewhere'))
  const inNode = performance.now() - begun
  await using run = await BrowserRun.start(profile.path)
  await openSyncPage(run.page, url)
  bench.say('a new device lists and fetches all; it comes back to nothing new, then to 200 changes')
  let last = ''
  const { device } = await alternate(
    { ...bench, runs: RUNS },
    {
      device: (round) => {
        last = `device-${round}`
        return oneRound(run.page, place(last), elsewhere, round)
      },
    },
  )
  bench.say(`10,000 idle conversations for ${IDLE_MS / 1000} s`)
  const { list, connected, bytes } = await idle(run.page, place(last), url)
  return {
    figures: [
      { what: 'new device: list of 10,000', values: device('list'), unit: 'ms', target: 1_000 },
      { what: 'new device: all 10,000 fetched', values: device('all'), unit: 'ms', target: 10_000 },
      { what: 'catch-up of 200 in 10,000', values: device('caughtUp'), unit: 'ms', target: 1_000 },
      { what: 'reconnect with nothing new', values: device('bytes'), unit: 'bytes', target: 1_024 },
      { what: 'reconnect with nothing new: round trips', values: device('roundTrips'), unit: '×', target: 1 },
      { what: '10,000 idle: on the socket in 26 s', values: [bytes], unit: 'bytes', target: 16 },
      { what: '10,000 idle: page memory beyond the list', values: [connected - list], unit: 'bytes', target: 10e6 },
    ],
    notes: [
      `The long rounds (a new device, catching up, reconnecting) are ${RUNS} after the warm-up, in Chromium with IndexedDB, each with a device that has nothing; 10,000 conversations of four messages. All fetched: ${Math.round((COUNT / median(device('all'))) * 1000).toLocaleString('en')} conversations a second, each written to IndexedDB; the first device of all, in Node and in memory, took ${Math.round(inNode)} ms.`,
      `Idle: the one ping of 25 s and its answer is all there is. Page memory is what Chromium (CDP, \`Runtime.getHeapUsage\` after \`collectGarbage\`) says of JavaScript objects: ${(list / 1e6).toFixed(1)} MB with the list alone and no relay, ${(connected / 1e6).toFixed(1)} MB connected and level.`,
    ],
  }
}
