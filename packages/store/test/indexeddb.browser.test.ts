import { databaseName, indexedDbPersistence } from '../src/persistence/indexeddb.ts'
import { deleteDatabase, failingPuts } from './indexeddb-faults.ts'
import { persistenceContract } from './persistence-contract.ts'

let count = 0

persistenceContract(
  async () => {
    const space = `contract-${count++}`
    await deleteDatabase(databaseName(space))
    const faults = failingPuts()
    return {
      persistence: indexedDbPersistence({ space }),
      breakWrites: (broken) => faults.set(broken ? { after: 1, error: 'AbortError' } : null),
      destroy: () => deleteDatabase(databaseName(space)),
      cleanUp: async () => {
        faults.restore()
        await deleteDatabase(databaseName(space))
      },
    }
  },
  { strict: true, atomic: true, reportsAborts: true, exactRows: true, blobs: true },
)
