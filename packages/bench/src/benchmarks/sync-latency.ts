import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addMessage, initConversation } from '@holdfast/conversation'
import { seededRandom } from '@holdfast/testkit'
import * as Y from 'yjs'
import { alternate, type Sample } from '../alternate.ts'
import type { Bench, Figure } from '../benchmark.ts'
import { BrowserRun, TemporaryFolder } from '../browser/profile.ts'
import { RelayProcess } from '../browser/relay-process.ts'
import { openSyncPage } from '../browser/sync-page.ts'
import { type Stored, store } from '../corpus/conversations.ts'
import { fillRelay } from '../corpus/relay-log.ts'
import { answer } from '../corpus/words.ts'
import type { Place } from '../pages/sync.ts'
import type { Speech } from '../pages/sync-live.ts'
import { percentile } from '../statistics.ts'

const SPACE = 'default'
const EDITS = 200
/** Ms from one edit being synced to the next. */
const GAP_MS = 8
const BIG = 5_000_000
/** Conversations of that size which each device fetches while it is measured. */
const BIG_COUNT = 8
const AT = Date.UTC(2026, 0, 1)

/** Long texts: what somebody has who pastes whole files. */
function* bigConversations(): Generator<Stored> {
  for (let number = 0; number < BIG_COUNT; number++) {
    const random = seededRandom(number)
    const doc = new Y.Doc()
    const id = `big-${number}`
    initConversation(doc, { id, createdAt: AT + number, title: 'Big' })
    let parent: string | null = null
    for (let size = 0; size < BIG; ) {
      const text = Array.from({ length: 200 }, () => answer(random)).join('\n\n')
      size += text.length
      const parts = [{ type: 'text', text }] as const
      parent = addMessage(doc, { id: `m${size}`, parent, role: 'user', createdAt: AT, parts })
    }
    yield store({ id, doc, updates: [] })
    doc.destroy()
  }
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

/** Two windows of two browsers, from joining to leaving. */
class Pair {
  private readonly writer: BrowserRun
  private readonly watcher: BrowserRun
  constructor(writer: BrowserRun, watcher: BrowserRun) {
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
    const busy = await this.speak({ prefix: 'busy', count: EDITS, gap: GAP_MS, whileFetching: true })
    for (const page of [writer, watcher]) await page.evaluate(() => benchSync.fetchedAll())
    const quiet = await this.speak({ prefix: 'quiet', count: EDITS, gap: GAP_MS, whileFetching: false })
    for (const page of [writer, watcher]) await page.evaluate(() => benchSync.leaveLive())
    return {
      edits: busy.late.length,
      busySynced: percentile(busy.synced, 0.95),
      busySeen: percentile(busy.late, 0.95),
      p99: percentile(quiet.synced, 0.99),
      p50: percentile(quiet.synced, 0.5),
      seen: percentile(quiet.late, 0.95),
      seen50: percentile(quiet.late, 0.5),
    }
  }

  private async speak(speech: Speech): Promise<{ synced: number[]; late: number[] }> {
    const said = await this.writer.page.evaluate((speech) => benchSync.speakLive(speech), speech)
    const ids = said.map(({ id }) => id)
    const heard = await this.watcher.page.evaluate((ids) => benchSync.heardLive(ids), ids)
    return { synced: said.map(({ synced }) => synced), late: heard.map((at, i) => at - said[i]!.at) }
  }
}

/** From an edit to *synced*, and to another window; alone, and while 5 MB conversations come over the same sockets. */
export async function measureLatency(bench: Bench): Promise<{ figures: Figure[]; notes: string[] }> {
  await using data = await TemporaryFolder.make('relay')
  await using one = await TemporaryFolder.make('writer')
  await using other = await TemporaryFolder.make('watcher')
  await fillRelay(data.path, SPACE, bigConversations())
  await using relay = await RelayProcess.start(data.path)
  await using writing = await BrowserRun.start(one.path)
  await using watching = await BrowserRun.start(other.path)
  const { url, token } = relay.listening
  const place = (device: string): Place => ({ space: SPACE, device, relay: { url, token } })
  const pair = new Pair(writing, watching)
  bench.say(`${EDITS} edits in one window, seen in another, and synced`)
  const measured = await alternate(bench, {
    ours: (round) => pair.measure(place, round),
    disk: () => flushes(data.path),
  })
  const { ours, disk } = measured
  return {
    figures: [
      { what: 'synced, p99', values: ours('p99'), unit: 'ms', target: 15, beside: 'the disk alone, p99' },
      { what: 'synced, median', values: ours('p50'), unit: 'ms', beside: 'the disk alone, median' },
      { what: 'window to window, p95', values: ours('seen'), unit: 'ms', target: 30 },
      { what: 'window to window, median', values: ours('seen50'), unit: 'ms' },
      { what: 'synced while 5 MB are fetched, p95', values: ours('busySynced'), unit: 'ms', target: 50 },
      { what: 'window to window while 5 MB are fetched, p95', values: ours('busySeen'), unit: 'ms', target: 50 },
      { what: 'the disk alone, p99', values: disk('p99'), unit: 'ms' },
      { what: 'the disk alone, median', values: disk('p50'), unit: 'ms' },
    ],
    notes: [
      `Latency: two Chromium processes with IndexedDB on devices of their own, ${EDITS} messages a run. Synced: from the edit until the store says *synced*, which is after this device's own disk and the relay's. Window to window: from the edit in one until the other reads the message. The disk alone: 300 bytes appended to a file and flushed (\`fdatasync\`).`,
      `While 5 MB are fetched: both windows are new devices, and fetch ${BIG_COUNT} conversations of 5 MB over the same sockets; ${ours('edits').join(', ')} edits were made before those had come.`,
    ],
  }
}
