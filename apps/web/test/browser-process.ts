import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Browser, type BrowserContext, chromium } from 'playwright'
import { chromiumArguments, findChromium } from '../../../packages/toolchain/chromium.mjs'

/** A whole Chromium with a profile on disk, which can be killed as a power button or a crash kills it, and started again. */
export class BrowserProcess {
  private readonly folder: string
  private child: ChildProcess | undefined
  private browser: Browser | undefined

  private constructor(folder: string) {
    this.folder = folder
  }

  static async start(): Promise<BrowserProcess> {
    const process = new BrowserProcess(await mkdtemp(join(tmpdir(), 'holdfast-profile-')))
    await process.start()
    return process
  }

  get context(): BrowserContext {
    const context = this.browser?.contexts()[0]
    if (context === undefined) throw new Error('the browser is not running')
    return context
  }

  async start(): Promise<void> {
    const executable = findChromium()
    if (executable === undefined) throw new Error('no Chromium: npm test installs one')
    const child = spawn(
      executable,
      [
        ...chromiumArguments,
        '--headless=new',
        '--remote-debugging-port=0',
        `--user-data-dir=${this.folder}`,
        'about:blank',
      ],
      // A group of its own, so that the kill takes its renderers and utility processes along.
      { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    )
    this.child = child
    const address = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stderr! }).on('line', (line) => {
        const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1]
        if (found !== undefined) resolve(found)
      })
      child.once('exit', (code) => reject(new Error(`Chromium ended with ${code}`)))
    })
    this.browser = await chromium.connectOverCDP(address)
  }

  async kill(): Promise<void> {
    const child = this.child
    if (child?.pid === undefined) return
    const gone = once(child, 'exit')
    process.kill(-child.pid, 'SIGKILL')
    await gone
    this.child = undefined
    await this.browser?.close()
    this.browser = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
