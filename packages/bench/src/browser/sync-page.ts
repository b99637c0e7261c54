import type { Page } from 'playwright'
import type * as Sync from '../pages/all-sync.ts'
import { bundle } from './bundle.ts'

declare global {
  var benchSync: typeof Sync
}

/** A page that can be given a program: Playwright's, or a plain one. */
export interface Programmable {
  goto(url: string): Promise<unknown>
  evaluate(script: string): Promise<unknown>
}

/** Puts the programs of `src/pages/all-sync.ts` into an empty page of the relay's origin, whose storage is that origin's. */
export async function openSyncPage(page: Programmable, relay: string): Promise<void> {
  await page.goto(`${relay}/healthz`)
  await page.evaluate(await bundle('all-sync', 'benchSync'))
}

/** Bytes of JavaScript objects in a page after everything that can go has gone. */
export async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize
}
