import { setTimeout as wait } from 'node:timers/promises'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { chromiumArguments, findChromium } from '../../../toolchain/chromium.mjs'

/** A browser that has just started is busy with itself for about this long. In ms. */
const SETTLE_MS = 1_500

/** One run of a browser over a profile: a new process that has ended its own start, closed at the end. */
export class BrowserRun implements AsyncDisposable {
  readonly context: BrowserContext
  readonly page: Page
  /** What the page itself complained of: a figure from a broken page is no figure. */
  private readonly errors: Error[] = []

  private constructor(context: BrowserContext, page: Page) {
    this.context = context
    this.page = page
    page.on('pageerror', (error) => this.errors.push(error))
  }

  static async start(profile: string): Promise<BrowserRun> {
    const executablePath = findChromium()
    if (executablePath === undefined) throw new Error('no Chromium: npm run bench installs one')
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      args: chromiumArguments,
      viewport: { width: 1280, height: 900 },
    })
    await wait(SETTLE_MS)
    return new BrowserRun(context, context.pages()[0] ?? (await context.newPage()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close()
    if (this.errors.length > 0) throw new AggregateError(this.errors, 'the page complained while it was measured')
  }
}
