import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAccess } from '@holdfast/relay'
import type { OpenConversation, Store } from '@holdfast/store'
import { listed, reads, say, storeAt } from '../peers/store.ts'
import { type RelayProcess, startRelay } from '../process/relay.ts'

const DAY = 24 * 60 * 60 * 1_000
const HOUR = 60 * 60 * 1_000
const SHIFT = new URL(import.meta.url.endsWith('.ts') ? './shifted-date.ts' : './shifted-date.js', import.meta.url).href

function startShifted(data: string, ...steps: readonly number[]): Promise<RelayProcess> {
  return startRelay({ data, env: { NODE_OPTIONS: `--import ${SHIFT}`, FAULTS_CLOCK: steps.join(',') } })
}

/** A device whose clock is so much off. */
function device(relay: RelayProcess, off: number): Promise<Store> {
  return storeAt(
    relay.url,
    {
      now: () => Date.now() + off,
      after(milliseconds, run) {
        const timer = setTimeout(run, milliseconds)
        return () => clearTimeout(timer)
      },
    },
    relay.token,
  )
}

const has =
  (word: string) =>
  (words: string): boolean =>
    words.includes(word)

async function mayAnswer(conversation: OpenConversation): Promise<boolean> {
  try {
    ;(await conversation.lease('turn')).release()
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'LeaseHeldError') return false
    throw error
  }
}

/**
 * A relay whose clock is off, and jumps while it runs; devices whose clocks are off by a day, one ahead and one behind.
 * @param off milliseconds, before the jump; after it and after a restart it is as much the other way
 * @returns what was wrong
 */
export async function clocksOff(off: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-clocks-'))
  const data = join(folder, 'data')
  const faults: string[] = []
  let relay = await startShifted(data, off, -off)
  const first = relay
  const [ahead, behind] = await Promise.all([device(first, DAY), device(first, -DAY)])
  try {
    const here = await ahead.create()
    say(here, 'first')
    await here.sent()
    await listed(behind, here.id)
    const there = await behind.open(here.id)
    await reads(there, has('first'))
    const lease = await here.lease('turn')
    if (await mayAnswer(there)) faults.push('two windows answer one turn')
    relay.child.kill('SIGUSR2')
    await jumped(relay, data, off)
    // Nothing of this goes by the wall: what is open stays open, and a lease is neither lost nor for ever.
    say(here, 'second')
    await reads(there, has('second'))
    if (lease.signal.aborted) faults.push('the lease was lost when the clock jumped')
    if (await mayAnswer(there)) faults.push('two windows answer one turn after the clock jumped')
    lease.release()
    await until(() => mayAnswer(there))
    faults.push(...(await tokensAt(relay, data, -off)))
    const port = new URL(relay.url).port
    const { err } = await relay.end('SIGTERM')
    if (err.includes('-failed')) faults.push(`it said ${err}`)
    say(there, 'third')
    relay = await startRelay({
      data,
      args: ['--port', port],
      env: { NODE_OPTIONS: `--import ${SHIFT}`, FAULTS_CLOCK: String(-off) },
    })
    // The token of the other clock is good for a year. Everybody comes back, and nothing is told anew.
    await Promise.all([there.sent(), reads(here, has('third'))])
    const late = await device(first, 0)
    await listed(late, here.id)
    const again = await late.open(here.id)
    await reads(again, has('third'))
    again.close()
    await late.close()
    if ((await relay.end('SIGTERM')).err.includes('"incarnation-renewed"')) faults.push('the history was renewed')
  } finally {
    await Promise.all([ahead.close(), behind.close()])
    await relay.end('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  return faults
}

/** Tokens are judged by the relay's own clock, whoever signed them with this folder's key. */
async function tokensAt(relay: RelayProcess, data: string, off: number): Promise<string[]> {
  const faults: string[] = []
  for (const [expires, isGood] of [
    [Date.now() + HOUR, off < HOUR],
    [Date.now() + 2 * DAY, true],
    [Date.now() - HOUR, off < -HOUR],
    [Date.now() - 2 * DAY, false],
  ] as const) {
    const status = await statusOf(relay, data, expires)
    if (status !== (isGood ? 200 : 401)) {
      faults.push(
        `a token that ends in ${(expires - Date.now()) / HOUR} h is answered with ${status}, the relay's clock is ${off / HOUR} h off`,
      )
    }
  }
  return faults
}

/** The signal has come when the relay judges a token otherwise that is good on one side of the jump only. */
async function jumped(relay: RelayProcess, data: string, off: number): Promise<void> {
  const expires = Date.now() + (off > 0 ? HOUR : -HOUR)
  const wanted = off > 0 ? 200 : 401
  await until(async () => (await statusOf(relay, data, expires)) === wanted)
}

async function statusOf(relay: RelayProcess, data: string, expires: number): Promise<number> {
  const key = Buffer.from((await readFile(join(data, 'key'), 'utf8')).trim(), 'hex')
  const token = await createAccess({ key }).sign({ spaces: ['default'], role: 'write', expires, id: `t${expires}` })
  const response = await fetch(`${relay.url}/access/default`, { headers: { authorization: `Bearer ${token}` } })
  await response.arrayBuffer()
  return response.status
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}
