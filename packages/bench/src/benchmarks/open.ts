import { setTimeout as wait } from 'node:timers/promises'
import { alternate, type Sample } from '../alternate.ts'
import type { Benchmark } from '../benchmark.ts'
import { openBlank, watchIn } from '../browser/globals.ts'
import { BrowserRun } from '../browser/profile.ts'
import { RelayProcess } from '../browser/relay-process.ts'
import { longConversation, manyConversations, type Shape, type Stored } from '../corpus/conversations.ts'
import { fillRelay } from '../corpus/relay-log.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const SPACE = 'default'
const REFERENCE = 'reference'
const OTHERS = 1_000
const MESSAGES = 1_000
const END = 'and here the conversation ends'

const ARTICLE = '[role="log"] article'
const SIGHTS = [
  { name: 'end', selector: ARTICLE, text: END },
  { name: 'rendered', selector: `${ARTICLE} strong`, text: END },
]
const LIST = { name: 'list', selector: '[aria-label="Conversations"] li[aria-posinset] a' }

/** After this a page that was just opened has fetched what it fetches when idle. */
const AT_REST_MS = 3_000

/** A new process that goes straight to the conversation. */
async function cold(profile: string, address: string, first: boolean): Promise<Sample> {
  await using run = await BrowserRun.start(profile)
  await watchIn(run.context, SIGHTS)
  await run.page.goto(address)
  const { end, rendered, mark, arrived } = await run.page.evaluate(async () => ({
    end: await benchWatch.whenSeen('end'),
    rendered: await benchWatch.whenSeen('rendered'),
    ...benchWatch.scriptStart(),
  }))
  if (first) await wait(AT_REST_MS)
  return { fromMark: end - mark, rendered: rendered - mark, fromArrival: end - arrived, fromNavigation: end }
}

/** A new process with the list on its screen, and a click on the conversation, which nobody has opened in it. */
async function inside(profile: string, relay: string, id: string): Promise<Sample> {
  await using run = await BrowserRun.start(profile)
  await watchIn(run.context, [LIST, ...SIGHTS])
  await run.page.goto(`${relay}/#/`)
  await run.page.evaluate(() => benchWatch.whenSeen('list'))
  await wait(AT_REST_MS)
  // Awaited here: the browser is closed when this function returns.
  return await run.page.evaluate(async (id) => {
    const link = document.querySelector<HTMLElement>(`[aria-label="Conversations"] a[href$="${id}"]`)
    if (!link) throw new Error('the conversation is not in the list')
    const start = performance.now()
    link.click()
    return { ms: (await benchWatch.whenSeen('end')) - start, rendered: (await benchWatch.whenSeen('rendered')) - start }
  }, id)
}

async function reference(profile: string, relay: string): Promise<Sample> {
  await using run = await BrowserRun.start(profile)
  await openBlank(run.page, relay)
  const ms = await run.page.evaluate(([name, messages]) => benchProgram.openConversation(name, messages), [
    REFERENCE,
    MESSAGES,
  ] as const)
  return { ms }
}

export const open: Benchmark = {
  name: 'open',
  title: 'A conversation of 1,000 messages opened cold: its end on the screen',
  about:
    'A new browser process over a profile that holds 1,001 conversations, the long one as a snapshot and 40 updates since (1,000 messages, 0.9 KB an answer, a tool output of 2.6 KB in one of three). Cold: the app is loaded with the conversation in its address. Inside: the app stands at its list and the conversation is clicked. Both end with the frame that shows the last message. Reference: y-indexeddb opening the same rows in a new process; the data alone, nothing drawn.',
  usesBrowser: true,
  async run(bench) {
    const { say } = bench
    await using data = await TemporaryFolder.make('relay')
    await using ours = await TemporaryFolder.make('ours')
    await using theirs = await TemporaryFolder.make('reference')
    const now = Date.now()
    const long: Shape = { number: OTHERS + 1, messages: MESSAGES, at: now + 1, last: `**${END}**` }
    const made = longConversation(long)
    say('filling a relay and two browser profiles')
    function* all(): Generator<Stored> {
      yield* manyConversations(OTHERS, now)
      yield made
    }
    const cursor = await fillRelay(data.path, SPACE, all())
    await using relay = await RelayProcess.start(data.path)
    const { url, token } = relay.listening
    {
      await using seeding = await BrowserRun.start(ours.path)
      await openBlank(seeding.page, url)
      await seeding.page.evaluate((seed) => benchProgram.seedSpace(seed), {
        space: SPACE,
        count: OTHERS,
        now,
        cursor,
        long,
      })
    }
    {
      await using seeding = await BrowserRun.start(theirs.path)
      await openBlank(seeding.page, url)
      await seeding.page.evaluate(([name, long]) => benchProgram.seedConversation(name, long), [
        REFERENCE,
        long,
      ] as const)
    }
    {
      await using arriving = await BrowserRun.start(ours.path)
      await watchIn(arriving.context, [LIST])
      await arriving.page.goto(`${url}/#token=${token}`)
      await arriving.page.evaluate(() => benchWatch.whenSeen('list'))
    }
    say('opening it in one browser after another')
    const route = `/c/${made.id}`
    const measured = await alternate(bench, {
      cold: (round) => cold(ours.path, `${url}/#${route}`, round === 0),
      inside: () => inside(ours.path, url, made.id),
      reference: () => reference(theirs.path, url),
    })
    const beside = 'y-indexeddb, data alone'
    return {
      figures: [
        { what: 'cold, from script start', values: measured.cold('fromMark'), unit: 'ms', target: 150, beside },
        { what: 'cold, its Markdown drawn too', values: measured.cold('rendered'), unit: 'ms' },
        { what: 'cold, from script arrival', values: measured.cold('fromArrival'), unit: 'ms' },
        { what: 'cold, from navigation', values: measured.cold('fromNavigation'), unit: 'ms' },
        { what: 'inside, from the click', values: measured.inside('ms'), unit: 'ms', target: 150, beside },
        { what: 'inside, its Markdown drawn too', values: measured.inside('rendered'), unit: 'ms' },
        { what: beside, values: measured.reference('ms'), unit: 'ms' },
      ],
      notes: [`The conversation is ${(made.snapshot.length / 1e6).toFixed(2)} MB as one update.`],
    }
  },
}
