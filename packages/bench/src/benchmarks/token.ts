import type { Page } from 'playwright'
import { alternate, type Sample } from '../alternate.ts'
import type { Benchmark } from '../benchmark.ts'
import { BlankSite } from '../browser/blank-site.ts'
import { openBlank, programScript } from '../browser/globals.ts'
import { BrowserRun } from '../browser/profile.ts'
import { RelayProcess } from '../browser/relay-process.ts'
import { StockRelay } from '../browser/stock-relay.ts'
import type { Stream } from '../pages/tokens.ts'
import { percentile } from '../statistics.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const TOKENS = 200
/** 40 tokens a second: a fast model. */
const GAP_MS = 25
const ENDPOINT = 'http://model.invalid/v1'
const SETTINGS = { endpoint: ENDPOINT, model: 'tokens', apiKey: '', theme: 'system', name: '' }
/** More than two clocks of one machine can differ by without one of them having been set. In ms. */
const CLOCK_TOLERANCE = 2

function lateness(said: readonly number[], seen: readonly number[]): Sample {
  const late = seen.map((at, i) => at - said[i]!)
  return { p50: percentile(late, 0.5), p95: percentile(late, 0.95), p99: percentile(late, 0.99) }
}

async function checkClocks(...pages: readonly Page[]): Promise<void> {
  for (const page of pages) {
    const error = await page.evaluate(() => benchProgram.clockError())
    if (error > CLOCK_TOLERANCE) throw new Error(`a page's clock is ${error} ms from the machine's: start again`)
  }
}

const streamOf = (round: number): Stream => ({ first: 1 + round * TOKENS, count: TOKENS, gap: GAP_MS })

/** Two windows of the app in two browsers, with one conversation open in both. */
async function openPair(writer: Page, watcher: Page, address: string): Promise<void> {
  await writer.addInitScript(
    (settings) => localStorage.setItem('holdfast:settings', settings),
    JSON.stringify(SETTINGS),
  )
  for (const page of [writer, watcher]) {
    await page.addInitScript(await programScript())
    await page.goto(address)
  }
  await writer.evaluate((endpoint) => benchProgram.installModel(endpoint), ENDPOINT)
  await writer.getByRole('button', { name: 'New conversation' }).first().click()
  await Promise.all([
    writer.evaluate((stream) => benchProgram.answerNext(stream), { first: 0, count: 1, gap: 1 }),
    ask(writer, 'Open the conversation'),
  ])
  await watcher.getByRole('list', { name: 'Conversations' }).getByRole('listitem').first().click()
  await watcher.getByRole('article').filter({ hasText: '000000t' }).waitFor()
}

async function ask(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message', exact: true }).fill(text)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
}

async function throughApp(writer: Page, watcher: Page, round: number): Promise<Sample> {
  await checkClocks(writer, watcher)
  const stream = streamOf(round)
  const seen = watcher.evaluate(([selector, stream]) => benchProgram.tokensSeen(selector, stream), [
    '[role="log"] article',
    stream,
  ] as const)
  const said = writer.evaluate((stream) => benchProgram.answerNext(stream), stream)
  await ask(writer, `Round ${round}`)
  const late = lateness(await said, await seen)
  // The turn has ended when the next question can be sent.
  await writer.getByRole('button', { name: 'Send', exact: true }).waitFor()
  return late
}

async function throughStock(writer: Page, watcher: Page, round: number): Promise<Sample> {
  await checkClocks(writer, watcher)
  const stream = streamOf(round)
  const seen = watcher.evaluate(([selector, stream]) => benchProgram.tokensSeen(selector, stream), [
    'article',
    stream,
  ] as const)
  return lateness(await writer.evaluate((stream) => benchProgram.writeStock(stream), stream), await seen)
}

export const token: Benchmark = {
  name: 'token',
  title: 'A token written in one window, on the screen of another',
  about: `Two browsers with profiles of their own have one conversation open through a real relay, which fsyncs before it shows. A model inside the writer’s page says ${TOKENS} tokens a run, ${1000 / GAP_MS} a second; from the moment its chunk is handed to the app (before the AI SDK reads it) to the frame that shows it in the other browser. Reference: y-websocket’s provider in two browsers, a bare \`Y.Text\` shown as text, through a relay that keeps it in memory only (y-protocols over ws, as y-websocket’s own server does).`,
  usesBrowser: true,
  async run(bench) {
    const { runs, say } = bench
    await using data = await TemporaryFolder.make('relay')
    await using one = await TemporaryFolder.make('writer')
    await using other = await TemporaryFolder.make('watcher')
    await using relay = await RelayProcess.start(data.path)
    await using stock = await StockRelay.start()
    await using site = await BlankSite.start()
    await using writing = await BrowserRun.start(one.path)
    await using watching = await BrowserRun.start(other.path)
    const { url, token } = relay.listening
    say('opening one conversation in two browsers')
    await openPair(writing.page, watching.page, `${url}/#token=${token}`)
    const plain = { writer: await writing.context.newPage(), watcher: await watching.context.newPage() }
    for (const page of [plain.writer, plain.watcher]) {
      await openBlank(page, site.url)
      await page.evaluate((url) => benchProgram.joinStock(url), stock.url)
    }
    say(`streaming ${TOKENS} tokens both ways, ${runs + 1} times`)
    const inFront = async (...pages: readonly Page[]) => {
      for (const page of pages) await page.bringToFront()
    }
    const measured = await alternate(bench, {
      ours: async (round) => {
        await inFront(writing.page, watching.page)
        return throughApp(writing.page, watching.page, round)
      },
      reference: async (round) => {
        await inFront(plain.writer, plain.watcher)
        return throughStock(plain.writer, plain.watcher, round)
      },
    })
    const ours = (p: string) => measured.ours(p)
    return {
      figures: [
        { what: 'p95', values: ours('p95'), unit: 'ms', target: 50, beside: 'y-websocket, no disk, p95' },
        { what: 'median', values: ours('p50'), unit: 'ms', beside: 'y-websocket, no disk, median' },
        { what: 'p99', values: ours('p99'), unit: 'ms' },
        { what: 'y-websocket, no disk, p95', values: measured.reference('p95'), unit: 'ms' },
        { what: 'y-websocket, no disk, median', values: measured.reference('p50'), unit: 'ms' },
      ],
      notes: ['Both include the wait for the next frame, 8 ms on average at 60 frames a second.'],
    }
  },
}
