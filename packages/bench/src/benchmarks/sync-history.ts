import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  addMessage,
  addTag,
  finishMessage,
  removeTag,
  type StreamingWriter,
  setPinned,
  setTitle,
  streamingWriter,
} from '@holdfast/conversation'
import { openStore, type Store } from '@holdfast/store'
import { updateLogPersistence } from '@holdfast/store/node'
import { seededRandom } from '@holdfast/testkit'
import { openLevelLog } from '@holdfast/update-log/level'
import { WebSocket as NodeWebSocket } from 'ws'
import type * as Y from 'yjs'
import type { Bench, Figure } from '../benchmark.ts'
import { RelayProcess } from '../browser/relay-process.ts'
import { answer, question, title } from '../corpus/words.ts'
import { until } from '../pages/sync.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const SPACE = 'default'
const ID = 'lived-in'
const SESSIONS = 1_000
const EDITS = 50
/** What is left of the edits of a session for the text of its answer. */
const DELTAS = EDITS - 7
const OPENED = 7
const AT = Date.UTC(2026, 0, 1)

interface Session {
  readonly number: number
  readonly title: string
  readonly question: string
  readonly deltas: readonly string[]
}

function sessionOf(number: number): Session {
  const random = seededRandom(number)
  const text = answer(random)
  const step = Math.ceil(text.length / DELTAS)
  const deltas = Array.from({ length: DELTAS }, (_, i) => text.slice(i * step, (i + 1) * step))
  return { number, title: title(random), question: question(random), deltas }
}

/** A person comes back, asks, is answered token by token, and tidies up: 50 edits, six of them of what the summary shows. */
function* live({ number, title, question, deltas }: Session): Generator<(doc: Y.Doc) => void> {
  const [asked, answered, at] = [`q${number}`, `a${number}`, AT + number * 60_000]
  const parent = number === 0 ? null : `a${number - 1}`
  yield (doc) =>
    addMessage(doc, { id: asked, parent, role: 'user', createdAt: at, parts: [{ type: 'text', text: question }] })
  yield (doc) =>
    addMessage(doc, { id: answered, parent: asked, role: 'assistant', createdAt: at + 1, status: 'streaming' })
  // One writer for all: each has a part of its own.
  let writer: StreamingWriter | null = null
  for (const delta of deltas) {
    yield (doc) => {
      writer ??= streamingWriter(doc, answered)
      writer.text(delta)
    }
  }
  yield (doc) => finishMessage(doc, answered, { status: 'complete', completedAt: at + 2 })
  yield (doc) => setTitle(doc, { title, by: 'user' })
  yield (doc) => setPinned(doc, number % 2 === 0)
  yield (doc) => addTag(doc, `tag-${number % 3}`)
  yield (doc) => removeTag(doc, `tag-${(number + 1) % 3}`)
}

/** What there is in the end, written by one window at one go. */
function writeFresh(doc: Y.Doc): void {
  let parent: string | null = null
  for (let number = 0; number < SESSIONS; number++) {
    const { question, deltas } = sessionOf(number)
    const at = AT + number * 60_000
    const asked = [{ type: 'text', text: question }] as const
    const answered = [{ type: 'text', text: deltas.join('') }] as const
    parent = addMessage(doc, { id: `q${number}`, parent, role: 'user', createdAt: at, parts: asked })
    parent = addMessage(doc, { id: `a${number}`, parent, role: 'assistant', createdAt: at + 1, parts: answered })
  }
  setTitle(doc, { title: sessionOf(SESSIONS - 1).title, by: 'user' })
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true })
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))))
  return stats.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0)
}

interface Kept {
  readonly device: number
  readonly relay: number
  /** Bytes of its rows on the relay. */
  readonly rows: number
  readonly opened: readonly number[]
}

/** Lets a store live one conversation, then measures what is left of it on both sides' disks, and how long it takes to open. */
async function keep(use: (open: () => Promise<Store>) => Promise<void>): Promise<Kept> {
  await using device = await TemporaryFolder.make('lived-in')
  await using data = await TemporaryFolder.make('relay')
  let log = await openLevelLog({ directory: device.path })
  {
    await using relay = await RelayProcess.start(data.path)
    const { url, token } = relay.listening
    const persistence = updateLogPersistence(log, SPACE)
    const socket = NodeWebSocket as unknown as typeof WebSocket
    await use(() => openStore({ space: SPACE, persistence, relay: { url, token }, WebSocket: socket }))
  }
  await compact(log)
  await log.close()
  const relayLog = await openLevelLog({ directory: data.path })
  await compact(relayLog)
  const loaded = await relayLog.load({ space: SPACE, document: ID })
  const rows = [...(loaded?.snapshot ? [loaded.snapshot] : []), ...(loaded?.updates ?? [])]
  await relayLog.close()
  log = await openLevelLog({ directory: device.path })
  const opened: number[] = []
  for (let i = 0; i <= OPENED; i++) {
    const start = performance.now()
    const store = await openStore({ space: SPACE, persistence: updateLogPersistence(log, SPACE), relay: null })
    const conversation = await store.open(ID)
    if (conversation.get().messages.length !== 2 * SESSIONS) throw new Error('it is not what was written')
    if (i > 0) opened.push(performance.now() - start)
    conversation.close()
    await store.close()
  }
  await log.close()
  const bytes = rows.reduce((sum, row) => sum + row.length, 0)
  return { device: await sizeOf(device.path), relay: await sizeOf(data.path), rows: bytes, opened }
}

/** What either side does by itself when nobody writes for a while. */
async function compact(log: Awaited<ReturnType<typeof openLevelLog>>): Promise<void> {
  await log.compact({ space: SPACE, document: ID })
}

/** One conversation that was opened 1,000 times and edited 50 times each, beside one that was written at one go. */
export async function measureHistory(bench: Bench): Promise<{ figures: Figure[]; notes: string[] }> {
  bench.say(`${SESSIONS} sessions of ${EDITS} edits of one conversation`)
  const begun = performance.now()
  const old = await keep(async (open) => {
    for (let number = 0; number < SESSIONS; number++) {
      const store = await open()
      const conversation =
        number === 0 ? await store.create({ id: ID, title: 'Lived in', createdAt: AT }) : await store.open(ID)
      for (const edit of live(sessionOf(number))) conversation.edit(edit)
      await conversation.saved()
      // A person stays a moment longer: the relay has it, and its summary, when they go.
      await conversation.sent()
      conversation.close()
      await store.close()
      if (number % 250 !== 249) continue
      await bench.look()
      bench.say(`session ${number + 1}, ${Math.round((performance.now() - begun) / 1000)} s`)
    }
  })
  const fresh = await keep(async (open) => {
    const store = await open()
    const conversation = await store.create({ id: ID, title: 'Fresh', createdAt: AT })
    conversation.edit(writeFresh)
    await conversation.sent()
    conversation.close()
    await until(store.status, ({ waiting }) => waiting === 0)
    await store.close()
  })
  const times = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value / b[i]!)
  return {
    figures: [
      { what: 'lived in / fresh: on the relay’s disk', values: [old.relay / fresh.relay], unit: '×', target: 2 },
      { what: 'lived in / fresh: on the device’s disk', values: [old.device / fresh.device], unit: '×', target: 2 },
      { what: 'lived in / fresh: time to open', values: times(old.opened, fresh.opened), unit: '×', target: 2 },
      {
        what: 'lived in: on the relay’s disk',
        values: [old.relay],
        unit: 'bytes',
        beside: 'fresh: on the relay’s disk',
      },
      { what: 'lived in: time to open', values: old.opened, unit: 'ms', beside: 'fresh: time to open' },
      { what: 'fresh: on the relay’s disk', values: [fresh.relay], unit: 'bytes' },
      { what: 'fresh: time to open', values: fresh.opened, unit: 'ms' },
    ],
    notes: [
      `Lived in: ${SESSIONS} sessions of a store in Node over LevelDB, with the relay, of ${EDITS} edits each: a question, an answer in ${DELTAS} deltas, its end, title, pin and tags. Fresh: the same ${2 * SESSIONS} messages written at one go. Sizes are of the whole folders after each log compacted the conversation (as it does by itself when idle) and was closed; the conversation’s rows on the relay are ${old.rows.toLocaleString('en')} and ${fresh.rows.toLocaleString('en')} bytes before LevelDB compresses them. Time to open: store and conversation, to the last message read, ${OPENED} times.`,
    ],
  }
}
