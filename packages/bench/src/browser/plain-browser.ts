import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { chromiumArguments, findChromium } from '../../../toolchain/chromium.mjs'
import { DevTools } from './dev-tools.ts'

/** A browser that has just started is busy with itself for about this long. In ms. */
const SETTLE_MS = 1_500

/** What a page that is not looked at would be slowed down by. */
const AWAKE = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

interface Thrown {
  readonly exceptionDetails: { readonly text: string; readonly exception?: { readonly description?: string } }
}

/** One page of a `PlainBrowser`. */
export class PlainPage {
  private readonly tools: DevTools
  /** What the page itself complained of: a figure from a broken page is no figure. */
  readonly errors: Error[] = []

  private constructor(tools: DevTools) {
    this.tools = tools
    tools.on('Runtime.exceptionThrown', (thrown) => this.errors.push(errorOf(thrown as Thrown)))
  }

  static async attach(url: string): Promise<PlainPage> {
    const page = new PlainPage(await DevTools.connect(url))
    await page.tools.ask('Runtime.enable')
    return page
  }

  /** Resolves when it has loaded. */
  async goto(url: string): Promise<void> {
    await this.tools.ask('Page.enable')
    const loaded = new Promise((resolve) => this.tools.on('Page.loadEventFired', resolve))
    await this.tools.ask('Page.navigate', { url })
    await loaded
    await this.tools.ask('Page.disable')
  }

  async bringToFront(): Promise<void> {
    await this.tools.ask('Page.bringToFront')
  }

  /** Evaluates a script, or calls a function that uses nothing but its argument and the page's globals, and awaits what comes of it. */
  async evaluate<Result, Argument = void>(
    program: string | ((argument: Argument) => Result | Promise<Result>),
    argument?: Argument,
  ): Promise<Result> {
    const expression = typeof program === 'string' ? program : `(${program})(${JSON.stringify(argument) ?? ''})`
    const answer = await this.tools.ask('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    const { result, exceptionDetails } = answer as { result: { value: Result } } & Partial<Thrown>
    if (exceptionDetails !== undefined) throw errorOf({ exceptionDetails })
    return result.value
  }

  close(): void {
    this.tools.close()
  }
}

function errorOf({ exceptionDetails: { text, exception } }: Thrown): Error {
  return new Error(exception?.description ?? text)
}

/**
 * A Chromium over a profile in which nobody watches what its pages do: a page is handed programs over the DevTools protocol, and nothing else
 * of it is asked for. Playwright watches the network, so that each message of a WebSocket is encoded once more in the page, and handed to the
 * process that measures: a third of all that 5 MB took (decision 0103).
 */
export class PlainBrowser implements AsyncDisposable {
  readonly page: PlainPage
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, page: PlainPage) {
    this.child = child
    this.page = page
  }

  static async start(profile: string): Promise<PlainBrowser> {
    const executable = findChromium()
    if (executable === undefined) throw new Error('no Chromium: npm run bench installs one')
    const given = [...chromiumArguments, ...AWAKE, '--headless', '--remote-debugging-port=0', '--window-size=1280,900']
    const child = spawn(executable, [...given, `--user-data-dir=${profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    // A benchmark that fails outright must not leave it behind.
    process.once('exit', () => child.kill())
    const origin = await addressOf(child)
    const targets = (await (await fetch(`${origin}/json/list`)).json()) as Target[]
    const target = targets.find(({ type }) => type === 'page')
    if (target === undefined) throw new Error('the browser has no page')
    const page = await PlainPage.attach(target.webSocketDebuggerUrl)
    await wait(SETTLE_MS)
    return new PlainBrowser(child, page)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.page.close()
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit')
      this.child.kill('SIGTERM')
      await gone
    }
    const { errors } = this.page
    if (errors.length > 0) throw new AggregateError(errors, 'the page complained while it was measured')
  }
}

interface Target {
  readonly type: string
  readonly webSocketDebuggerUrl: string
}

/** Where its DevTools listen: it says so among its complaints. */
async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error('the browser cannot be heard')
  const said: string[] = []
  for await (const line of createInterface({ input: child.stderr })) {
    const found = /DevTools listening on ws:\/\/([^/]+)\//.exec(line)
    if (found !== null) {
      child.stderr.resume()
      return `http://${found[1]}`
    }
    said.push(line)
  }
  throw new Error(`the browser ended before it was ready: ${said.join('\n')}`)
}
