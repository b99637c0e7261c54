import { afterEach } from 'vitest'
import { yIndexedDbPersistence } from '../src/y-indexeddb.ts'
import { deleteDatabase, failingPuts } from './indexeddb-faults.ts'
import { persistenceContract } from './persistence-contract.ts'

let count = 0
const made: string[] = []

afterEach(async () => {
  const databases = await indexedDB.databases()
  for (const prefix of made.splice(0)) {
    for (const { name } of databases) if (name?.startsWith(prefix)) await deleteDatabase(name)
  }
})

persistenceContract(
  async () => {
    const prefix = `y-contract-${count++}`
    made.push(prefix)
    const faults = failingPuts()
    return {
      persistence: yIndexedDbPersistence({ prefix }),
      breakWrites: (broken) => faults.set(broken ? { after: 0, error: 'LateAbort', store: 'updates' } : null),
      cleanUp: async () => faults.restore(),
    }
  },
  { strict: false, atomic: false, reportsAborts: false, exactRows: false, blobs: false },
)
