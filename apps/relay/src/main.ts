import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { withAdvice } from './advice.ts'
import { parseCommand, type ServeOptions } from './arguments.ts'
import type { Command, Surroundings } from './command.ts'
import { Failure } from './failure.ts'
import type { Given } from './flags.ts'
import { createLog } from './log-lines.ts'
import { createProgress } from './progress.ts'
import { serve } from './serve.ts'

/** The `holdfast` command: reads its flags and its environment once, and runs. */

/** Within five seconds of a signal it is over (contract); what is not closed by then is what a crash leaves, which is safe. */
const STOP_MS = 4_500
/** As shells have it for SIGINT. */
const INTERRUPTED = 130

async function run(): Promise<void> {
  const parsed = parseCommand(process.argv.slice(2), process.env)
  switch (parsed.kind) {
    case 'help':
      process.stdout.write(parsed.text)
      return
    case 'version':
      process.stdout.write(`${versionOf(new URL('../package.json', import.meta.url))}\n`)
      return
    case 'run':
      process.exitCode = await runCommand(parsed.command, parsed.given)
      return
    case 'serve':
      await runServe(parsed.options)
  }
}

async function runServe(options: ServeOptions): Promise<void> {
  const stopped = signalled()
  const log = createLog(options.log, Date.now, (line) => void process.stderr.write(line))
  const stop = await serve(options, { say: (text) => void process.stdout.write(text), log })
  await stopped
  log.write('info', 'Ending; clients are told to come again.', { event: 'stopping' })
  const late = setTimeout(() => {
    log.write('warn', 'Stopped before every connection was closed; everything acknowledged is kept.', {
      event: 'stopped-late',
    })
    process.exit(0)
  }, STOP_MS)
  await stop()
  clearTimeout(late)
  log.write('info', 'Ended; everything is on the disk.', { event: 'stopped' })
}

/** @returns the exit code */
async function runCommand(command: Command, given: Given): Promise<number> {
  const interrupted = new AbortController()
  void signalled().then(() => interrupted.abort())
  const { stderr, stdin, stdout } = process
  const progress = createProgress({ isTerminal: stderr.isTTY, write: (text) => void stderr.write(text) }, () =>
    performance.now(),
  )
  const surroundings: Surroundings = {
    env: process.env,
    now: Date.now,
    say(text) {
      progress.end()
      stdout.write(text)
    },
    warn(text) {
      progress.end()
      stderr.write(`${text}\n`)
    },
    progress: (each) => progress.show(each),
    async ask(question) {
      if (!stdin.isTTY || !stderr.isTTY) return false
      const lines = createInterface({ input: stdin, output: stderr })
      try {
        return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
      } finally {
        lines.close()
      }
    },
    signal: interrupted.signal,
  }
  try {
    return await command.run(given, surroundings)
  } catch (error) {
    if (interrupted.signal.aborted) {
      throw new Failure(`${command.name} was interrupted; what was there is as it was.`, {
        cause: error,
        exitCode: INTERRUPTED,
      })
    }
    throw withAdvice(error)
  } finally {
    progress.end()
  }
}

/** Resolves at the first SIGINT or SIGTERM. The next one ends the process at once, as it does anywhere. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (): void => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
      resolve()
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}

function versionOf(manifest: URL): string {
  const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown'
}

try {
  await run()
} catch (error) {
  if (!(error instanceof Failure)) throw error
  process.stderr.write(`holdfast: ${error.message}\n`)
  process.exitCode = error.exitCode
}
