import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { addMessage } from '@holdfast/conversation'
import { seededRandom } from '@holdfast/testkit'
import { WebSocket as NodeWebSocket } from 'ws'
import { alternate, type Sample } from '../alternate.ts'
import type { Bench, Figure } from '../benchmark.ts'
import { withFreshRelay } from '../browser/fresh-relay.ts'
import { PlainBrowser } from '../browser/plain-browser.ts'
import { openSyncPage } from '../browser/sync-page.ts'
import { answer } from '../corpus/words.ts'
import { openDevice, type Place } from '../pages/sync.ts'
import type { Speech } from '../pages/sync-live.ts'
import { percentile } from '../statistics.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const EDITS = 200
/** While something large is fetched: so many, or what fits into so many ms. */
const BUSY = { count: 600, longest: 8_000 }
const LONGEST = 60_000
/** Ms from one edit being synced to the next. */
const GAP_MS = 8
/** Between one of 5 MB being on the relay and the next. In ms. */
const PAUSE_MS = 20

/** Long texts: what somebody has who pastes whole files. 5 MB. */
function bigText(): string {
  const random = seededRandom(1)
  let text = ''
  while (text.length < 5_000_000) text += `${answer(random)}\n\n`
  return text.slice(0, 5_000_000)
}

/**
 * Another device of the space, which begins one conversation of 5 MB after the other, each when the windows have the one before: what is
 * measured is fetching, and not a third device's sending on the same two cores.
 */
async function feed(
  place: Place,
  text: string,
  until: Promise<unknown>,
  fetched: (count: number) => Promise<unknown>,
): Promise<number> {
  const store = await openDevice(place, NodeWebSocket as unknown as typeof WebSocket)
  let count = 0
  let over = false
  void until.finally(() => {
    over = true
  })
  for (; !over; count++) {
    const conversation = await store.create({ title: `Big ${count}` })
    const parts = [{ type: 'text', text }] as const
    conversation.edit((doc) => addMessage(doc, { id: 'all', role: 'user', createdAt: Date.now(), parts }))
    await conversation.sent()
    conversation.close()
    // Beside the one that they have open.
    await fetched(count + 2)
    await wait(PAUSE_MS)
  }
  await store.close()
  return count
}

/** What the machine's disk needs by itself: as many bytes as an edit appended to a file and flushed, one after the other. In ms. */
async function flushes(folder: string): Promise<Sample> {
  const file = await openFile(join(folder, 'flushed'), 'a')
  const taken: number[] = []
  for (let i = 0; i < EDITS; i++) {
    const start = performance.now()
    await file.appendFile(Buffer.alloc(300, i))
    await file.datasync()
    taken.push(performance.now() - start)
  }
  await file.close()
  return { p50: percentile(taken, 0.5), p99: percentile(taken, 0.99) }
}

interface Heard {
  /** In ms until the one window said *synced*, and until the other had it. */
  readonly synced: number
  readonly late: number
  readonly fetching: boolean
}

/** Two windows of two browsers, from joining to leaving. */
class Pair {
  private readonly writer: PlainBrowser
  private readonly watcher: PlainBrowser
  private readonly text = bigText()
  constructor(writer: PlainBrowser, watcher: PlainBrowser) {
    this.writer = writer
    this.watcher = watcher
  }

  async measure(place: (device: string) => Place, round: number): Promise<Sample> {
    const [writer, watcher] = [this.writer.page, this.watcher.page]
    for (const page of [writer, watcher]) {
      await openSyncPage(page, place('').relay!.url)
      await page.bringToFront()
    }
    const id = await writer.evaluate((place) => benchSync.joinLive(place), place(`writer-${round}`))
    await watcher.evaluate(([place, id]) => benchSync.joinLive(place, id), [place(`watcher-${round}`), id] as const)
    await watcher.evaluate(() => benchSync.listenLive())
    const quiet = await this.speak({ prefix: 'quiet', count: EDITS, gap: GAP_MS, longest: LONGEST })
    const speaking = this.speak({ prefix: 'busy', gap: GAP_MS, ...BUSY })
    const fed = await feed(place(`feeder-${round}`), this.text, speaking, (count) =>
      Promise.all([writer, watcher].map((page) => page.evaluate((count) => benchSync.hasAll(count), count))),
    )
    const all = await speaking
    const busy = all.filter(({ fetching }) => fetching)
    if (busy.length < 10) throw new Error(`only ${busy.length} edits met one of ${fed} conversations of 5 MB`)
    for (const page of [writer, watcher]) await page.evaluate(() => benchSync.fetchedAll())
    for (const page of [writer, watcher]) await page.evaluate(() => benchSync.leaveLive())
    const at = (p: number, of: readonly Heard[], what: 'synced' | 'late') =>
      percentile(
        of.map((one) => one[what]),
        p,
      )
    return {
      edits: busy.length,
      busySynced: at(0.95, busy, 'synced'),
      busySynced50: at(0.5, busy, 'synced'),
      busySeen: at(0.95, busy, 'late'),
      p99: at(0.99, quiet, 'synced'),
      p50: at(0.5, quiet, 'synced'),
      seen: at(0.95, quiet, 'late'),
      seen50: at(0.5, quiet, 'late'),
    }
  }

  private async speak(speech: Speech): Promise<Heard[]> {
    const said = await this.writer.page.evaluate((speech) => benchSync.speakLive(speech), speech)
    const ids = said.map(({ id }) => id)
    const heard = await this.watcher.page.evaluate((ids) => benchSync.heardLive(ids), ids)
    return said.map(({ synced, fetching, at }, i) => ({ synced, fetching, late: heard[i]! - at }))
  }
}

/** From an edit to *synced*, and to another window; alone, and while 5 MB conversations come over the same sockets. */
export async function measureLatency(bench: Bench): Promise<{ figures: Figure[]; notes: string[] }> {
  await using one = await TemporaryFolder.make('writer')
  await using other = await TemporaryFolder.make('watcher')
  await using writing = await PlainBrowser.start(one.path)
  await using watching = await PlainBrowser.start(other.path)
  const pair = new Pair(writing, watching)
  bench.say(`${EDITS} edits in one window, seen in another, and synced`)
  const measured = await alternate(bench, {
    ours: (round) =>
      withFreshRelay(({ listening: { url, token, space } }) =>
        pair.measure((device) => ({ space, device, relay: { url, token } }), round),
      ),
    disk: () => flushes(one.path),
  })
  const { ours, disk } = measured
  return {
    figures: [
      { what: 'synced, p99', values: ours('p99'), unit: 'ms', target: 15, beside: 'the disk alone, p99' },
      { what: 'synced, median', values: ours('p50'), unit: 'ms', beside: 'the disk alone, median' },
      { what: 'window to window, p95', values: ours('seen'), unit: 'ms', target: 30 },
      { what: 'window to window, median', values: ours('seen50'), unit: 'ms' },
      { what: 'synced while 5 MB are fetched, p95', values: ours('busySynced'), unit: 'ms', target: 50 },
      { what: 'synced while 5 MB are fetched, median', values: ours('busySynced50'), unit: 'ms' },
      { what: 'window to window while 5 MB are fetched, p95', values: ours('busySeen'), unit: 'ms', target: 50 },
      { what: 'the disk alone, p99', values: disk('p99'), unit: 'ms' },
      { what: 'the disk alone, median', values: disk('p50'), unit: 'ms' },
    ],
    notes: [
      `Latency: two Chromium processes with IndexedDB on devices of their own, ${EDITS} messages a run; nothing watches their network ([decisions/0103](decisions/0103-a-measured-page-is-not-watched.md)). Synced: from the edit until the store says *synced*, which is after this device's own disk and the relay's. Window to window: from the edit in one until the other reads the message. The disk alone: 300 bytes appended to a file and flushed (\`fdatasync\`).`,
      `While 5 MB are fetched: a third device begins a conversation of 5 MB whenever both windows have fetched the one before, over the same socket, and written it down; of the edits of ${BUSY.longest / 1000} s those count that met one (${ours('edits').join(', ')}).`,
    ],
  }
}
