import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium } from './chromium.mjs'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const bin = join(root, 'node_modules', '.bin')
const windows = process.platform === 'win32'

/** A step that failed in a way a person can mend: one line, no stack. */
export class SetupError extends Error {}

/**
 * Our own runtime and tools come first; npm's own variables are left out, because they describe the npm that started us
 * and make a nested package manager warn about settings that are not its own.
 */
export function environment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_/i.test(name) && name !== 'Path' && name !== 'PATH',
  )
  const path = process.env.PATH ?? process.env.Path ?? ''
  return {
    ...Object.fromEntries(kept),
    PATH: `${bin}${delimiter}${path}`,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  }
}

/** What a step prints goes to standard error, so that standard output stays the program's own. */
function step(what, command, args, { env = environment() } = {}) {
  process.stderr.write(`holdfast: ${what}\n`)
  const done = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: windows,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (done.error) throw new SetupError(`${what} failed: ${command} could not be started (${done.error.message})`)
  if (done.status !== 0) {
    process.stderr.write(`${done.stdout}${done.stderr}\n`)
    throw new SetupError(`${what} failed (what it printed is above)`)
  }
}

function pnpmVersion() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return packageManager
}

/** What decides whether the installed tree is the one that the manifests ask for. */
function manifestHash() {
  const hash = createHash('sha256').update(process.platform).update(process.arch)
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']
  for (const group of ['packages', 'apps']) {
    for (const name of readdirSync(join(root, group)).sort()) files.push(join(group, name, 'package.json'))
  }
  for (const file of files) {
    const path = join(root, file)
    if (existsSync(path)) hash.update(file).update(readFileSync(path))
  }
  return hash.digest('hex')
}

/** Installs what the lockfile names, unless it is there already. */
export function install() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) throw new SetupError(`Node ${process.versions.node} is too old: install Node 20 or later`)
  const stamp = join(root, 'node_modules', '.cache', 'holdfast-installed')
  const wanted = manifestHash()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(join(bin, 'turbo'))) return
  step(
    'installing dependencies (the first time takes about a minute)',
    'npx',
    ['--yes', pnpmVersion(), 'install', '--frozen-lockfile'],
    {
      // Without a terminal pnpm must not ask whether it may replace a node_modules that npm made.
      env: { ...environment(), CI: 'true' },
    },
  )
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
}

export function build() {
  step('building', join(bin, 'turbo'), ['run', 'build', '--output-logs=errors-only', '--ui=stream'])
}

/**
 * Runs a program of ours in the foreground on our Node, hands signals on, and ends as it ends.
 * npm hands a signal to the shell it started us with, and a shell such as dash dies of it without telling us: when our
 * parent has gone, the program is asked to end all the same, so that no relay stays behind holding its folder.
 */
export function become(command, args) {
  const child = spawn(command, args, { cwd: root, env: environment(), stdio: 'inherit', shell: windows })
  const hand = (signal) => child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, hand)
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid !== parent) hand('SIGTERM')
  }, 100)
  child.on('error', (error) => {
    process.stderr.write(`holdfast: ${command} could not be started: ${error.message}\n`)
    process.exit(1)
  })
  const codes = { SIGINT: 130, SIGTERM: 143 }
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clearInterval(watch)
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, hand)
      resolve(code ?? codes[signal] ?? 1)
    })
  })
}

export const tool = (name) => join(bin, name)

/** Browser tests need a Chromium: found, or installed by whichever way this machine has. */
export function browser() {
  if (findChromium()) return
  const debian = existsSync('/usr/bin/apt-get')
  const administrator = process.getuid?.() === 0
  if (debian && administrator) {
    try {
      step('installing Chromium for the browser tests', 'sh', [
        '-c',
        'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium',
      ])
      if (findChromium()) return
    } catch (error) {
      if (!(error instanceof SetupError)) throw error
    }
  }
  try {
    step('downloading a Chromium for the browser tests', tool('playwright'), ['install', 'chromium'])
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
  }
  if (!findChromium()) {
    throw new SetupError(
      'the browser tests need Chromium or Chrome, and it could not be installed here: install one (Debian: apt-get install chromium), or name it in HOLDFAST_CHROMIUM',
    )
  }
}

/** Runs `main`; a SetupError becomes one line and exit code 1. */
export async function run(main) {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`holdfast: ${error.message}\n`)
    process.exitCode = 1
  }
}
