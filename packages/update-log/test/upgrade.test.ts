import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type OpenDatabase, openClassicLevel, openLevelLog } from '@holdfast/update-log/level'
import { expect, test } from 'vitest'
import { nameKey } from '../src/level/keys.ts'
import { decodeSecondName, type SecondName } from '../src/level/values.ts'
import folderVersion1 from './fixtures/folder-version-1.json' with { type: 'json' }
import { temporaryFolder } from './folders.ts'

/** A folder that version 1 wrote: three documents in `default` (one purged, one purged and begun again), one in `other`. */
async function olderFolder(): Promise<string> {
  const directory = await temporaryFolder()
  for (const [name, content] of Object.entries(folderVersion1)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), Buffer.from(content, 'base64'))
  }
  return directory
}

async function secondName(directory: string, document: string): Promise<SecondName | null> {
  const database = await openClassicLevel(join(directory, 'log'))
  const view = database.view()
  try {
    const key = nameKey('nameAgain', 'default', document)
    const value = await view.get(key)
    return value === undefined ? null : decodeSecondName(key, value)
  } finally {
    await view.close()
    await database.close()
  }
}

const text = (updates: readonly Uint8Array[] = []): string[] => updates.map((bytes) => new TextDecoder().decode(bytes))

test('U17 a folder of version 1 is brought to version 2, and what was there is kept beside it', async () => {
  const directory = await olderFolder()
  expect(await secondName(directory, 'one')).toBeNull()
  const log = await openLevelLog({ directory })
  const kept = join(directory, 'before-version-2')
  expect(log.opened).toEqual({ created: false, renewed: null, upgraded: { from: 1, to: 2, kept } })
  expect(log.incarnation).toBe('id-1')
  const one = await log.load({ space: 'default', document: 'one' })
  expect(text(one?.updates)).toEqual([0, 1, 2, 3, 4].map((i) => `update ${i} of one`))
  expect(text((await log.load({ space: 'default', document: 'three' }))?.updates)).toEqual(['again'])
  expect(await log.stat({ space: 'default', document: 'two' })).toMatchObject({ kind: 'purged' })
  await log.close()

  expect(JSON.parse(await readFile(join(directory, 'format'), 'utf8'))).toMatchObject({ version: 2 })
  const { epoch } = one ?? {}
  expect(await secondName(directory, 'one')).toMatchObject({ epoch, refused: [] })
  expect(await secondName(directory, 'two')).toMatchObject({ epoch: null, refused: [expect.any(String)] })
  expect(await secondName(directory, 'three')).toMatchObject({ epoch: 'epoch-of-three', refused: [expect.any(String)] })

  const again = await openLevelLog({ directory })
  expect(again.opened).toEqual({ created: false, renewed: null })
  await again.close()
  // It is a folder of its own, and still of version 1.
  expect(JSON.parse(await readFile(join(kept, 'format'), 'utf8'))).toMatchObject({ version: 1 })
  const before = await openLevelLog({ directory: kept })
  expect(text((await before.load({ space: 'default', document: 'one' }))?.updates)).toEqual(text(one?.updates))
  await before.close()
})

test('U17 an upgrade that is ended at any of its writes is done again by the next opening', async () => {
  for (let n = 1; ; n += 1) {
    const directory = await olderFolder()
    let writes = 0
    let failed = false
    const failing: OpenDatabase = async (path) => {
      const database = await openClassicLevel(path)
      return {
        ...database,
        async write(operations, options) {
          writes += 1
          if (writes === n) {
            failed = true
            throw Object.assign(new Error('IO error: injected'), { code: 'LEVEL_IO_ERROR' })
          }
          await database.write(operations, options)
        },
      }
    }
    const opening = openLevelLog({ directory, openDatabase: failing })
    await opening.then(
      (log) => log.close(),
      (error: unknown) => expect(error).toMatchObject({ code: 'STORAGE_FAILED' }),
    )
    const log = await openLevelLog({ directory })
    expect(log.opened.renewed).toBeNull()
    await log.close()
    expect(await readdir(directory)).toContain('before-version-2')
    expect(await secondName(directory, 'three')).toMatchObject({ epoch: 'epoch-of-three' })
    if (!failed) break
    expect(n).toBeLessThan(10)
  }
})

test('U17 a folder that is in use is not upgraded', async () => {
  const directory = await olderFolder()
  const database = await openClassicLevel(join(directory, 'log'))
  await expect(openLevelLog({ directory })).rejects.toMatchObject({ code: 'LOCKED' })
  await database.close()
  expect(JSON.parse(await readFile(join(directory, 'format'), 'utf8'))).toMatchObject({ version: 1 })
})
