import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openLevelLog } from '@holdfast/update-log/level'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'

const one = { space: 'default', document: 'one' }

test('U13 a data folder belongs to one process at a time', async () => {
  const directory = await temporaryFolder()
  const log = await openLevelLog({ directory })
  await expect(openLevelLog({ directory })).rejects.toMatchObject({ code: 'LOCKED' })
  await log.append(one, Uint8Array.of(1))
  await log.close()
  const again = await openLevelLog({ directory })
  expect((await again.load(one))?.seq).toBe(1)
  expect(again.opened).toEqual({ created: false, renewed: null })
  await again.close()
})

test('U13 a folder that cannot be made is unwritable', async () => {
  const directory = await temporaryFolder()
  await writeFile(join(directory, 'file'), '')
  for (const path of [join(directory, 'file'), join(directory, 'file', 'below')]) {
    await expect(openLevelLog({ directory: path })).rejects.toMatchObject({ code: 'UNWRITABLE' })
  }
})

test('U13 a folder of a newer version is refused and left as it is', async () => {
  const directory = await temporaryFolder()
  await writeFile(join(directory, 'format'), '{"holdfast":"update-log","version":3}\n')
  await expect(openLevelLog({ directory })).rejects.toMatchObject({ code: 'NEWER_VERSION' })
  expect(await readdir(directory)).toEqual(['format'])
})

test('U13 a folder whose version cannot be read is refused', async () => {
  const directory = await temporaryFolder()
  for (const text of ['', 'nonsense', '[]', '{"version":"1"}', 'null']) {
    await writeFile(join(directory, 'format'), text)
    await expect(openLevelLog({ directory })).rejects.toMatchObject({ code: 'UNREADABLE' })
  }
})

test('U13 a new folder says what it is', async () => {
  const directory = join(await temporaryFolder(), 'a', 'b')
  const log = await openLevelLog({ directory })
  expect(log.opened).toEqual({ created: true, renewed: null })
  await log.close()
  expect(JSON.parse(await readFile(join(directory, 'format'), 'utf8'))).toEqual({ holdfast: 'update-log', version: 2 })
  expect(await readFile(join(directory, 'mark'), 'utf8')).toContain(`holdfast-mark 1 1 ${log.incarnation} closed `)
})

test('U5 no name becomes a file name', async () => {
  const directory = await temporaryFolder()
  const log = await openLevelLog({ directory })
  for (const document of ['CON', 'nul', '...', 'a'.repeat(128), '~']) {
    await log.append({ space: document, document }, Uint8Array.of(1))
  }
  await log.close()
  for (const name of [...(await readdir(directory)), ...(await readdir(join(directory, 'log')))]) {
    expect(name).toMatch(/^(format|mark|log|LOCK|LOG(\.old)?|CURRENT|MANIFEST-\d+|\d+\.(log|ldb))$/)
  }
})

test('U13 a folder that a power cut left while LevelDB made its files is begun anew', async () => {
  const directory = await temporaryFolder()
  await (await openLevelLog({ directory })).close()
  // As found by cutting the power: LevelDB names its first list of files before that is on the disk.
  for (const name of await readdir(join(directory, 'log'))) {
    if (/^(MANIFEST|\d)/.test(name)) await writeFile(join(directory, 'log', name), '')
  }
  await rm(join(directory, 'mark'))
  const log = await openLevelLog({ directory })
  expect(log.opened.renewed).toBeNull()
  await log.append(one, Uint8Array.of(1))
  await log.close()
  expect(await readdir(join(directory, 'quarantine'))).toEqual([expect.stringMatching(/^log-never-finished-/)])
})
