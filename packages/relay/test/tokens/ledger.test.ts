import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTokenLedger, TOKEN_FILES, type TokenRecord } from '../../src/index.ts'
import { ManualClock } from '../fakes.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-ledger-'))
})
afterEach(() => rm(directory, { recursive: true }))

const open = (mend = true) => openTokenLedger({ directory, now: () => 5_000, mend })
const paths = () => TOKEN_FILES.map((file) => join(directory, file))

function record(id: string): TokenRecord {
  return { id, name: `of ${id}`, role: 'write', spaces: ['default'], created: 1_000, expires: 9_000 }
}

/** Three tokens, of which the second is revoked. */
async function fill(): Promise<void> {
  const ledger = await open()
  for (const id of ['a', 'b', 'c']) await ledger.record(record(id))
  await ledger.revoke('b')
}

async function edit(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, change(await readFile(path)))
}

describe('what is recorded', () => {
  it('A2 is there for whoever opens the folder next, readable by its owner only, without any token', async () => {
    await fill()
    const ledger = await open()
    expect(ledger.condition).toEqual({ mended: 0, lost: 0, setAside: [] })
    expect(ledger.list()).toEqual([
      { ...record('a'), revoked: null },
      { ...record('b'), revoked: 5_000 },
      { ...record('c'), revoked: null },
    ])
    for (const path of paths()) expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('A2 an id is recorded once, revoked once, and may be revoked without having been recorded', async () => {
    const ledger = await open()
    await ledger.record(record('a'))
    await expect(ledger.record(record('a'))).rejects.toMatchObject({ code: 'EXISTS' })
    expect(await ledger.revoke('elsewhere')).toBe(true)
    expect(await ledger.revoke('elsewhere')).toBe(false)
    expect((await open()).isRevoked('elsewhere')).toBe(true)
    for (const id of ['', 'two words', 'x'.repeat(129), 'line\nfeed', 'nul\0']) {
      await expect(ledger.revoke(id)).rejects.toMatchObject({ code: 'BAD_ID' })
    }
    expect((await open()).list()).toHaveLength(1)
  })

  it('A2 what another process appends is told at the next look', async () => {
    const clock = new ManualClock()
    const [here, elsewhere] = [await open(), await open(false)]
    const told = new Promise<string[]>((resolve) => here.onRevoked((ids) => resolve([...ids])))
    const stop = here.watch(clock, 250, (error) => {
      throw error
    })
    await elsewhere.record(record('a'))
    await elsewhere.revoke('a')
    clock.pass(250)
    expect(await told).toEqual(['a'])
    expect(here.list()).toMatchObject([{ id: 'a', revoked: 5_000 }])
    stop()
  })

  it('A2 several who write at once lose nothing of each other', async () => {
    const ledgers = await Promise.all([open(false), open(false), open(false)])
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        i % 2 ? ledgers[i % 3]!.revoke(`r${i}`) : ledgers[i % 3]!.record(record(`c${i}`)),
      ),
    )
    const after = await open()
    expect(after.condition).toEqual({ mended: 0, lost: 0, setAside: [] })
    expect(after.list()).toHaveLength(30)
    for (let i = 1; i < 60; i += 2) expect(after.isRevoked(`r${i}`)).toBe(true)
  })

  it('A2 a revocation that cannot be written is said, and counts in this process', async () => {
    const ledger = await openTokenLedger({ directory: join(directory, 'gone'), now: () => 5_000, mend: false })
    const told: string[] = []
    ledger.onRevoked((ids) => told.push(...ids))
    await expect(ledger.revoke('a')).rejects.toMatchObject({
      code: 'UNWRITABLE',
      message: expect.stringContaining('ENOENT'),
    })
    expect([ledger.isRevoked('a'), told]).toEqual([true, ['a']])
  })
})

it('A2 tokens that ended a month ago are left out once they are many, with their revocations', async () => {
  const day = 24 * 60 * 60 * 1000
  const ledger = await open()
  for (let i = 0; i < 200; i++) await ledger.record(record(`old${i}`))
  await ledger.record({ ...record('new'), expires: 40 * day })
  await ledger.revoke('old7')
  await ledger.revoke('elsewhere')
  const soon = await openTokenLedger({ directory, now: () => 20 * day, mend: true })
  expect(soon.list()).toHaveLength(201)
  const late = await openTokenLedger({ directory, now: () => 31 * day, mend: true })
  expect(late.list().map(({ id }) => id)).toEqual(['new'])
  expect(late.isRevoked('elsewhere')).toBe(true)
  for (const path of paths()) expect((await readFile(path)).toString().split('\n')).toHaveLength(3)
  expect((await open(false)).condition).toEqual({ mended: 0, lost: 0, setAside: [] })
})

describe('damage', () => {
  it.each<[string, 0 | 1, (bytes: Buffer) => Buffer, number]>([
    ['a flipped bit in the first file', 0, (bytes) => flipped(bytes, 30), 1],
    ['a flipped bit in the second', 1, (bytes) => flipped(bytes, bytes.length - 20), 1],
    ['a file cut in the middle of an entry', 0, (bytes) => bytes.subarray(0, bytes.length - 20), 1],
    ['a file cut to nothing', 1, () => Buffer.alloc(0), 4],
    ['a file full of something else', 0, (bytes) => Buffer.alloc(bytes.length, '}\n'), 4],
  ])('A3 %s costs nothing, and is mended', async (_name, index, change, mended) => {
    await fill()
    const whole = await readFile(paths()[1 - index]!)
    await edit(paths()[index]!, change)
    const ledger = await open()
    expect(ledger.list().map(({ revoked }) => revoked)).toEqual([null, 5_000, null])
    expect(ledger.condition).toMatchObject({ mended, lost: 0 })
    expect((await readFile(paths()[index]!)).toString().split('\n').sort()).toEqual(whole.toString().split('\n').sort())
    expect((await open()).condition).toEqual({ mended: 0, lost: 0, setAside: [] })
  })

  it('A3 every single flipped bit is noticed', async () => {
    await fill()
    const [path] = paths()
    const whole = await readFile(path!)
    for (let at = 0; at < whole.length; at++) {
      await writeFile(path!, flipped(whole, at))
      const { condition, list } = await open(false)
      expect(condition.mended, `byte ${at}`).toBeGreaterThan(0)
      expect(list().map(({ revoked }) => revoked)).toEqual([null, 5_000, null])
    }
  })

  it('A3 what neither file has any more is counted as lost, and set aside', async () => {
    await fill()
    for (const path of paths()) await edit(path, (bytes) => flipped(bytes, bytes.length - 20))
    const ledger = await open()
    expect(ledger.condition).toEqual({ mended: 0, lost: 1, setAside: [expect.any(String), expect.any(String)] })
    expect(await readdir(join(directory, 'quarantine'))).toHaveLength(2)
    expect((await open()).condition).toEqual({ mended: 0, lost: 0, setAside: [] })
  })

  it('A3 what a crash left of an entry is no damage, and takes no later entry with it', async () => {
    await fill()
    const [first] = paths()
    await edit(first!, (bytes) => Buffer.concat([bytes, Buffer.from('0badc0de {"event":"rev')]))
    await (await open(false)).revoke('c')
    const ledger = await open()
    expect(ledger.condition).toEqual({ mended: 0, lost: 0, setAside: [] })
    expect(ledger.isRevoked('c')).toBe(true)
    expect((await readFile(first!)).toString()).not.toContain('0badc0de')
  })

  it('A3 a file that became shorter while it was watched is read again', async () => {
    await fill()
    const ledger = await open(false)
    await truncate(paths()[0]!, 10)
    await (await open(false)).revoke('a')
    await ledger.refresh()
    expect(ledger.isRevoked('a')).toBe(true)
  })
})

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at]! ^= 1
  return copy
}
