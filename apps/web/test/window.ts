import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright'
import { chromiumArguments, findChromium } from '../../../packages/toolchain/chromium.mjs'

export function launch(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('no Chromium: npm test installs one')
  return chromium.launch({ executablePath, args: chromiumArguments })
}

/** One window of the web app, driven by its accessible names only, as a person or an outside check does. */
export class AppWindow {
  readonly page: Page
  /** Everything the page itself complained of. */
  readonly complaints: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(String(error)))
  }

  static async open(context: BrowserContext, address: string): Promise<AppWindow> {
    const window = new AppWindow(await context.newPage())
    await window.page.goto(address)
    await window.list.waitFor()
    return window
  }

  get list(): Locator {
    return this.page.getByRole('list', { name: 'Conversations' })
  }

  get items(): Locator {
    return this.list.getByRole('listitem')
  }

  get log(): Locator {
    return this.page.getByRole('log', { name: 'Messages' })
  }

  get articles(): Locator {
    return this.log.getByRole('article')
  }

  get box(): Locator {
    return this.page.getByRole('textbox', { name: 'Message', exact: true })
  }

  status(text: string): Locator {
    return this.page.getByRole('status').filter({ hasText: text })
  }

  async create(): Promise<void> {
    await this.page.getByRole('button', { name: 'New conversation' }).first().click()
  }

  async type(text: string): Promise<void> {
    await this.box.fill(text)
    await this.page.getByRole('button', { name: 'Send', exact: true }).click()
  }

  async stop(): Promise<void> {
    await this.page.getByRole('button', { name: 'Stop', exact: true }).click()
  }

  article(text: string | RegExp): Locator {
    return this.articles.filter({ hasText: text })
  }

  /** Waits until a message shows this text. */
  async shows(text: string | RegExp): Promise<void> {
    await this.article(text).first().waitFor()
  }

  /** Opens the conversation whose title begins with this, once the list has it. */
  async choose(title: string): Promise<void> {
    await this.items.filter({ hasText: title }).first().click()
  }

  texts(): Promise<string[]> {
    return this.articles.allInnerTexts()
  }
}
