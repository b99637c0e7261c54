import type { Browser, BrowserContext } from 'playwright'
import { test as base, expect } from 'vitest'
import { ModelEndpoint } from './model-endpoint.ts'
import { RelayProcess } from './relay-process.ts'
import { AppWindow, launch } from './window.ts'

/** Points the page at the test's model; the settings are where the page itself keeps them. */
export async function pointAtModel(context: BrowserContext, model: ModelEndpoint): Promise<void> {
  await context.addInitScript((endpoint) => {
    localStorage.setItem('holdfast:settings', JSON.stringify({ endpoint, apiKey: 'test', model: 'by-hand' }))
  }, model.url)
}

/** A real relay, a model that a test drives by hand, and windows of real browser profiles. */
export class Scene {
  readonly relay: RelayProcess
  readonly model: ModelEndpoint
  private readonly browser: Browser
  private readonly contexts: BrowserContext[] = []
  private readonly windows: AppWindow[] = []

  private constructor(browser: Browser, relay: RelayProcess, model: ModelEndpoint) {
    this.browser = browser
    this.relay = relay
    this.model = model
  }

  static async set(browser: Browser): Promise<Scene> {
    return new Scene(browser, await RelayProcess.start(), await ModelEndpoint.start())
  }

  /** A new browser profile: its own IndexedDB, its own channel; only the relay joins it to others. */
  async profile(): Promise<BrowserContext> {
    const context = await this.browser.newContext()
    this.contexts.push(context)
    await pointAtModel(context, this.model)
    return context
  }

  async open(context: BrowserContext, address = this.relay.address): Promise<AppWindow> {
    const window = await AppWindow.open(context, address)
    this.windows.push(window)
    return window
  }

  /** A question and its whole answer, from one window. */
  async chat(window: AppWindow, question: string, answer: string): Promise<void> {
    await window.type(question)
    const answering = await this.model.asked()
    answering.say(answer)
    answering.end()
    await window.shows(answer)
  }

  /** Ends everything. Returns the errors that reached a page: a test expects none. */
  async strike(): Promise<string[]> {
    const complaints = this.windows.flatMap((window) => window.complaints)
    for (const context of this.contexts) await context.close()
    await this.model[Symbol.asyncDispose]()
    await this.relay[Symbol.asyncDispose]()
    return complaints
  }
}

/** A test with a scene of its own, in a browser that the tests of a file share. Errors that reach a page fail it. */
export const test = base.extend<{ browser: Browser; scene: Scene }>({
  browser: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures this one needs
    async ({}, use) => {
      const browser = await launch()
      await use(browser)
      await browser.close()
    },
    { scope: 'file' },
  ],
  scene: async ({ browser }, use) => {
    const scene = await Scene.set(browser)
    await use(scene)
    expect(await scene.strike(), 'errors that reached a page').toEqual([])
  },
})
