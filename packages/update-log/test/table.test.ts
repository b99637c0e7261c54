import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@holdfast/testkit'
import { openLevelLog } from '@holdfast/update-log/level'
import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'
import { isLockedElsewhere } from '../src/level/database.ts'
import { liveTables } from '../src/level/manifest.ts'
import { mendTable } from '../src/level/table.ts'
import { temporaryFolder } from './folders.ts'

/** A database of plain keys in one table, larger than many blocks, and that table. */
async function tableOf(directory: string, compression: boolean): Promise<{ path: string; bytes: Uint8Array }> {
  const level = new ClassicLevel<string, string>(directory, { compression })
  const random = seededRandom(1)
  for (let i = 0; i < 3_000; i += 1) await level.put(`key ${String(i).padStart(6, '0')}`, `value ${random.int(1e9)}`)
  await level.compactRange('', '~')
  await level.close()
  const names = (await readdir(directory)).filter((name) => name.endsWith('.ldb'))
  expect(names.length).toBe(1)
  const path = join(directory, names[0]!)
  return { path, bytes: new Uint8Array(await readFile(path)) }
}

test('U4 a table as LevelDB writes it is whole, and is known to be alive', async () => {
  for (const compression of [true, false]) {
    const directory = await temporaryFolder()
    const { path, bytes } = await tableOf(directory, compression)
    expect(mendTable(bytes)).toEqual({ kind: 'whole' })
    const manifest = (await readFile(join(directory, 'CURRENT'), 'utf8')).trim()
    const live = liveTables(await readFile(join(directory, manifest)))
    expect([...live!].map((number) => path.includes(String(number)))).toEqual([true])
  }
})

test('U4 wherever a byte is flipped: mended once, it is whole, and LevelDB reads and rewrites what is left of it', async () => {
  for (const compression of [true, false]) {
    const directory = await temporaryFolder()
    const { path, bytes } = await tableOf(directory, compression)
    const random = seededRandom(compression ? 2 : 3)
    let mended = 0
    for (let n = 0; n < 300; n += 1) {
      const rotten = bytes.slice()
      const at = n < 200 ? random.int(bytes.length) : bytes.length - 1 - random.int(3_000)
      rotten[at] = rotten[at]! ^ (1 << random.int(8))
      const result = mendTable(rotten)
      if (result.kind !== 'mended') continue
      mended += 1
      expect(result.bytes.length).toBe(bytes.length)
      expect(mendTable(result.bytes)).toEqual({ kind: 'whole' })
      if (n % 20 !== 0) continue
      await writeFile(path, result.bytes)
      const level = new ClassicLevel<string, string>(directory, { compression })
      const keys = await level.keys({ gte: 'key', lt: 'kez' }).all()
      // One block of some 4 KB is missing, at most.
      expect(keys.length).toBeGreaterThan(2_500)
      expect(await level.get('key 000000')).toEqual(keys[0] === 'key 000000' ? expect.any(String) : undefined)
      await level.close()
    }
    expect(mended).toBeGreaterThan(200)
    const rotten = bytes.slice()
    rotten[5_000] = rotten[5_000]! ^ 1
    const result = mendTable(rotten)
    if (result.kind !== 'mended') throw new Error('not mended')
    await writeFile(path, result.bytes)
    const level = new ClassicLevel<string, string>(directory, { compression })
    await level.put('key 000001', 'new')
    await level.compactRange('', '~')
    expect(await level.get('key 000001')).toBe('new')
    await level.close()
  }
})

test('U4 nothing that is handed in makes it fail', () => {
  const random = seededRandom(4)
  for (let n = 0; n < 200; n += 1) expect(mendTable(random.bytes(random.int(300))).kind).toBe('hopeless')
  expect(liveTables(random.bytes(100))).toBeNull()
})

test('U13 whether another process has the database is found out without touching it', async () => {
  const directory = await temporaryFolder()
  await (await openLevelLog({ directory })).close()
  expect(await isLockedElsewhere(join(directory, 'log'))).toBe(false)
  const child = spawn(
    process.execPath,
    ['--conditions=@holdfast/source', fileURLToPath(new URL('./kill-child.ts', import.meta.url)), directory],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout, 'data')
  expect(await isLockedElsewhere(join(directory, 'log'))).toBe(true)
  await expect(openLevelLog({ directory })).rejects.toMatchObject({ code: 'LOCKED' })
  child.stdout.resume()
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(await isLockedElsewhere(join(directory, 'log'))).toBe(false)
})
