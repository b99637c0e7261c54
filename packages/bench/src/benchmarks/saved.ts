import { alternate, type Sample } from '../alternate.ts'
import type { Benchmark } from '../benchmark.ts'
import { BlankSite } from '../browser/blank-site.ts'
import { openBlank } from '../browser/globals.ts'
import { BrowserRun } from '../browser/profile.ts'
import { percentile } from '../statistics.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const EDITS = 600

const sample = (taken: readonly number[]): Sample => ({ p50: percentile(taken, 0.5), p99: percentile(taken, 0.99) })

export const saved: Benchmark = {
  name: 'saved',
  title: 'Saved on this device, in Chromium, with strict durability',
  about: `From an edit to \`saved()\`: one message of about 900 characters, ${EDITS} times a run, each awaited; the store’s own IndexedDB, the summary and the outbox mark written in the same transaction. Reference: the same edits through y-indexeddb until its own transaction is complete, as it writes (relaxed: complete comes before the disk) and made strict.`,
  usesBrowser: true,
  async run(bench) {
    const { runs, say } = bench
    await using profile = await TemporaryFolder.make('saved')
    await using site = await BlankSite.start()
    await using run = await BrowserRun.start(profile.path)
    const { page } = run
    await openBlank(page, site.url)
    say(`saving ${EDITS} edits three ways, ${runs + 1} times`)
    const theirs = (durability: IDBTransactionDurability) => async (round: number) =>
      sample(
        await page.evaluate(([name, edits, durability]) => benchProgram.saveWithYIndexedDb(name, edits, durability), [
          `${durability}-${round}`,
          EDITS,
          durability,
        ] as const),
      )
    const measured = await alternate(bench, {
      ours: async (round) =>
        sample(
          await page.evaluate(([space, edits]) => benchProgram.saveWithStore(space, edits), [
            `space-${round}`,
            EDITS,
          ] as const),
        ),
      relaxed: theirs('default'),
      strict: theirs('strict'),
    })
    return {
      figures: [
        { what: 'p99', values: measured.ours('p99'), unit: 'ms', target: 10, beside: 'y-indexeddb made strict, p99' },
        { what: 'median', values: measured.ours('p50'), unit: 'ms', beside: 'y-indexeddb made strict, median' },
        { what: 'y-indexeddb, p99', values: measured.relaxed('p99'), unit: 'ms' },
        { what: 'y-indexeddb, median', values: measured.relaxed('p50'), unit: 'ms' },
        { what: 'y-indexeddb made strict, p99', values: measured.strict('p99'), unit: 'ms' },
        { what: 'y-indexeddb made strict, median', values: measured.strict('p50'), unit: 'ms' },
      ],
      notes: ['The conversation grows to 600 messages in each run, and its summary is made anew for each edit.'],
    }
  },
}
