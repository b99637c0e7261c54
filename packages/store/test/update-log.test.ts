import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addMessage } from '@holdfast/conversation'
import type { UpdateLog } from '@holdfast/update-log'
import { UpdateLogError } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { describe, expect, test } from 'vitest'
import { updateLogPersistence } from '../src/node.ts'
import { openStore } from '../src/store.ts'
import { persistenceContract } from './persistence-contract.ts'

const CAPABILITIES = { strict: true, atomic: false, reportsAborts: true, exactRows: true, blobs: false }

/** The log itself, but its appends can be made to fail. */
function breakable(log: UpdateLog): { log: UpdateLog; breakWrites(broken: boolean): void } {
  let broken = false
  const append: UpdateLog['append'] = (...args) =>
    broken ? Promise.reject(new UpdateLogError('STORAGE_FULL', 'a test filled this disk')) : log.append(...args)
  return {
    log: new Proxy(log, { get: (target, key) => (key === 'append' ? append : Reflect.get(target, key, target)) }),
    breakWrites: (next) => {
      broken = next
    },
  }
}

describe('over the memory log', () => {
  persistenceContract(async () => {
    const { log, breakWrites } = breakable(createMemoryLog())
    return { persistence: updateLogPersistence(log, 'default'), breakWrites, cleanUp: () => log.close() }
  }, CAPABILITIES)
})

describe('over LevelDB', () => {
  persistenceContract(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-store-'))
    const { log, breakWrites } = breakable(await openLevelLog({ directory }))
    return {
      persistence: updateLogPersistence(log, 'default'),
      breakWrites,
      cleanUp: async () => {
        await log.close()
        await rm(directory, { recursive: true })
      },
    }
  }, CAPABILITIES)

  test('S50 a store in Node has everything again when its process starts again', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-store-'))
    let log = await openLevelLog({ directory })
    let store = await openStore({ space: 'default', persistence: updateLogPersistence(log, 'default') })
    const conversation = await store.create({ title: 'On a server' })
    conversation.edit((doc) => addMessage(doc, { id: 'm', role: 'user', createdAt: 1 }))
    await conversation.draft.set('half')
    await conversation.saved()
    await store.close()
    await log.close()
    log = await openLevelLog({ directory })
    store = await openStore({ space: 'default', persistence: updateLogPersistence(log, 'default') })
    expect(store.list.get().map((item) => item.summary.title)).toEqual(['On a server'])
    const again = await store.open(conversation.id)
    expect(again.getMessage('m')?.role).toBe('user')
    expect(await again.draft.load()).toBe('half')
    await store.close()
    await log.close()
    await rm(directory, { recursive: true })
  })
})
