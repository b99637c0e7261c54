import { randomBytes } from 'node:crypto'
import { createAccess, openTokenLedger } from '@holdfast/relay'
import { expect, test } from 'vitest'
import { printedToken } from '../src/printed-token.ts'
import { temporaryFolder } from './command.ts'

const DAY = 24 * 60 * 60 * 1000

/** Starts of one relay over one folder, at times that are told. */
async function house() {
  const directory = await temporaryFolder()
  const key = randomBytes(32)
  let now = Date.parse('2026-11-20T00:00:00Z')
  const open = async () => {
    const ledger = await openTokenLedger({ directory, now: () => now, mend: true })
    return createAccess({ key, ledger, now: () => now })
  }
  return {
    open,
    start: async () => printedToken(await open(), now),
    pass: (milliseconds: number) => {
      now += milliseconds
    },
  }
}

test('each start prints the same token, which is listed once', async () => {
  const { start, pass, open } = await house()
  const first = await start()
  pass(100 * DAY + 1234)
  expect(await start()).toBe(first)
  const access = await open()
  expect(access.ledger?.list()).toHaveLength(1)
  expect(await access.verify(first)).toMatchObject({ role: 'admin', spaces: '*' })
})

test('a start after its token was revoked prints another', async () => {
  const { start, open } = await house()
  const first = await start()
  const access = await open()
  await access.ledger?.revoke(access.ledger.list()[0]!.id)
  const second = await start()
  expect(second).not.toBe(first)
  const later = await open()
  expect(await later.verify(first)).toBeNull()
  expect(await later.verify(second)).toMatchObject({ role: 'admin' })
})

test('a start in the last month of its token prints another, and the old one works on', async () => {
  const { start, pass, open } = await house()
  const first = await start()
  pass(340 * DAY)
  const second = await start()
  expect(second).not.toBe(first)
  expect(await start()).toBe(second)
  expect(await (await open()).verify(first)).toMatchObject({ role: 'admin' })
})

test('what somebody made of the same name is not printed', async () => {
  const { start, open } = await house()
  const access = await open()
  const expires = Date.parse('2027-11-20T00:00:00Z')
  const { token } = await access.create({ name: 'printed at the start', role: 'read', spaces: '*', expires })
  expect(await start()).not.toBe(token)
})
