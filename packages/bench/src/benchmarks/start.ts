import { setTimeout as wait } from 'node:timers/promises'
import { alternate, type Sample } from '../alternate.ts'
import type { Bench, Benchmark, Figure } from '../benchmark.ts'
import { openBlank, watchIn } from '../browser/globals.ts'
import { BrowserRun } from '../browser/profile.ts'
import { RelayProcess } from '../browser/relay-process.ts'
import { manyConversations } from '../corpus/conversations.ts'
import { fillRelay } from '../corpus/relay-log.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const SPACE = 'default'
const REFERENCE = 'reference'
const SIZES = [
  { count: 1_000, target: 100 },
  { count: 10_000, target: 300 },
] as const

const LIST = { name: 'list', selector: '[aria-label="Conversations"] li[aria-posinset] a' }

/** Long enough for the service worker to be installed and the browser to keep the compiled script, as after any real visit. */
const FIRST_VISIT_MS = 4_000

/** From a browser process that has just started to the first conversations on the screen. */
async function appStart(profile: string, address: string, first: boolean): Promise<Sample> {
  await using run = await BrowserRun.start(profile)
  await watchIn(run.context, [LIST])
  await run.page.goto(address)
  const { list, mark, arrived } = await run.page.evaluate(async () => ({
    list: await benchWatch.whenSeen('list'),
    ...benchWatch.scriptStart(),
  }))
  if (first) await wait(FIRST_VISIT_MS)
  return { fromMark: list - mark, fromArrival: list - arrived, fromNavigation: list }
}

async function referenceStart(profile: string, relay: string, count: number): Promise<Sample> {
  await using run = await BrowserRun.start(profile)
  await openBlank(run.page, relay)
  return {
    ms: await run.page.evaluate(([name, count]) => benchProgram.openList(name, count), [REFERENCE, count] as const),
  }
}

async function measure(count: number, target: number, bench: Bench): Promise<Figure[]> {
  const { say } = bench
  await using data = await TemporaryFolder.make('relay')
  await using ours = await TemporaryFolder.make('ours')
  await using theirs = await TemporaryFolder.make('reference')
  const now = Date.now()
  say(`filling a relay with ${count} conversations`)
  const cursor = await fillRelay(data.path, SPACE, manyConversations(count, now))
  await using relay = await RelayProcess.start(data.path)
  const { url, token } = relay.listening
  say(`filling two browser profiles with the same`)
  await seed(ours.path, url, async (run) => {
    await run.page.evaluate((seed) => benchProgram.seedSpace(seed), { space: SPACE, count, now, cursor })
  })
  await seed(theirs.path, url, async (run) => {
    await run.page.evaluate(([name, count, now]) => benchProgram.seedList(name, count, now), [
      REFERENCE,
      count,
      now,
    ] as const)
  })
  say(`starting browsers over ${count} conversations`)
  const measured = await alternate(bench, {
    ours: (round) => appStart(ours.path, round === 0 ? `${url}/#token=${token}` : `${url}/`, round === 0),
    reference: () => referenceStart(theirs.path, url, count),
  })
  const size = count.toLocaleString('en')
  const reference = `${size}: y-indexeddb, data alone`
  return [
    {
      what: `${size}: list, from script start`,
      values: measured.ours('fromMark'),
      unit: 'ms',
      target,
      beside: reference,
    },
    { what: `${size}: list, from script arrival`, values: measured.ours('fromArrival'), unit: 'ms' },
    { what: `${size}: list, from navigation`, values: measured.ours('fromNavigation'), unit: 'ms' },
    { what: reference, values: measured.reference('ms'), unit: 'ms' },
  ]
}

async function seed(profile: string, relay: string, fill: (run: BrowserRun) => Promise<void>): Promise<void> {
  await using run = await BrowserRun.start(profile)
  await openBlank(run.page, relay)
  await fill(run)
}

export const start: Benchmark = {
  name: 'start',
  title: 'Cold browser start with 10,000 conversations: the list on the screen',
  about:
    'A new browser process opens the app, which a real relay serves, over a profile that has been here before and has caught up with the relay; from the first line of the app’s script to the frame that shows the first conversation. Reference: the same summaries in one `Y.Map`, opened by y-indexeddb in a new process too; the data alone, nothing drawn.',
  usesBrowser: true,
  async run(bench) {
    const figures: Figure[] = []
    for (const { count, target } of SIZES) figures.push(...(await measure(count, target, bench)))
    return {
      figures,
      notes: [
        'The profile holds the conversations themselves too (four messages each), as the relay does.',
        'Script start is the app’s own mark, its first statement; script arrival is when the first script had come from the service worker, before it was compiled; navigation is the browser’s own time origin.',
        'The frame is drawn when the animation frame in which the first row is inside the window has ended.',
      ],
    }
  },
}
