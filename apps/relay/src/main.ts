import { readFileSync } from 'node:fs'
import { parseCommand } from './arguments.ts'
import { Failure } from './failure.ts'
import { HOLDFAST_HELP, SERVE_HELP } from './help.ts'
import { type Output, serve } from './serve.ts'

/** The `holdfast` command: reads its flags and its environment once, and runs. */

/** Within five seconds of a signal it is over (contract); what is not closed by then is what a crash leaves, which is safe. */
const STOP_MS = 4_500

function outputFor(json: boolean): Output {
  return {
    say: (text) => void process.stdout.write(text),
    note: (text, fields) => {
      const at = new Date().toISOString()
      process.stderr.write(json ? `${JSON.stringify({ at, ...fields })}\n` : `${at} ${text}\n`)
    },
  }
}

async function run(): Promise<void> {
  const command = parseCommand(process.argv.slice(2), process.env)
  switch (command.kind) {
    case 'help':
      process.stdout.write(command.topic === 'serve' ? SERVE_HELP : HOLDFAST_HELP)
      return
    case 'version':
      process.stdout.write(`${versionOf(new URL('../package.json', import.meta.url))}\n`)
      return
    case 'serve': {
      const stopped = signalled()
      const stop = await serve(command.options, outputFor(command.options.json))
      await stopped
      const late = setTimeout(() => {
        process.stderr.write('holdfast: stopped before every connection was closed; everything acknowledged is kept.\n')
        process.exit(0)
      }, STOP_MS)
      await stop()
      clearTimeout(late)
    }
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
