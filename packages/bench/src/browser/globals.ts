import type { BrowserContext, Page } from 'playwright'
import type * as All from '../pages/all.ts'
import type * as Watch from '../pages/watch.ts'
import { bundle } from './bundle.ts'

/** What a page has once it was put there; for functions that are sent to a page. */
declare global {
  var benchProgram: typeof All
  var benchWatch: typeof Watch
}

/** The programs of `src/pages` that a page can be asked to run, as one script. */
export const programScript = (): Promise<string> => bundle('all', 'benchProgram')

/** Puts the programs of `src/pages` into a page of the relay's origin that has no program of its own. */
export async function openBlank(page: Page, relay: string): Promise<void> {
  await page.goto(`${relay}/healthz`)
  await page.evaluate(await programScript())
}

/** Makes every page of a browser note when these are on its screen. */
export async function watchIn(context: BrowserContext, sights: readonly Watch.Sight[]): Promise<void> {
  const program = await bundle('watch', 'benchWatch')
  await context.addInitScript(`${program}\nbenchWatch.watchFor(...${JSON.stringify(sights)})`)
}
