import { memoryPersistence } from '../src/persistence/memory.ts'
import { PersistenceError } from '../src/persistence/port.ts'
import { persistenceContract } from './persistence-contract.ts'

persistenceContract(
  async () => {
    const persistence = memoryPersistence()
    return {
      persistence,
      breakWrites: (broken) =>
        persistence.failWith((operation) => {
          if (broken && operation === 'write') throw new PersistenceError('ABORTED', 'a test broke this write')
        }),
      destroy: async () => persistence.wipe(),
      cleanUp: async () => persistence.failWith(null),
    }
  },
  { strict: false, atomic: true, reportsAborts: true, exactRows: true, blobs: true },
)
