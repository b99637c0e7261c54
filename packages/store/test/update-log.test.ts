import type { UpdateLog } from '@holdfast/update-log'
import { UpdateLogError } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { describe } from 'vitest'
import { updateLogPersistence } from '../src/node.ts'
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
