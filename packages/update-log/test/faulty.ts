import { type Database, type OpenDatabase, openClassicLevel, type View } from '@holdfast/update-log/level'

export type StorageCall = 'open' | 'view' | 'get' | 'getMany' | 'range' | 'write' | 'reclaim'

/** Asked before each call of the storage; what it throws, the call throws. `after` throws once the call was done. */
export interface Faults {
  before?: ((call: StorageCall) => void) | undefined
  after?: ((call: StorageCall) => void) | undefined
}

/** The real LevelDB, with a hand on every call. */
export function faultyDatabase(faults: Faults): OpenDatabase {
  async function through<T>(call: StorageCall, run: () => Promise<T>): Promise<T> {
    faults.before?.(call)
    const result = await run()
    faults.after?.(call)
    return result
  }

  function faultyView(view: View): View {
    return {
      get: (key) => through('get', () => view.get(key)),
      getMany: (keys) => through('getMany', () => view.getMany(keys)),
      range: (range, options) => through('range', () => view.range(range, options)),
      close: () => view.close(),
    }
  }

  return async (directory) => {
    faults.before?.('open')
    const database = await openClassicLevel(directory)
    try {
      faults.after?.('open')
    } catch (error) {
      // What fails to open holds no lock.
      await database.close()
      throw error
    }
    return faultyHandle(database)
  }

  function faultyHandle(database: Database): Database {
    return {
      view() {
        faults.before?.('view')
        return faultyView(database.view())
      },
      write: (operations, options) => through('write', () => database.write(operations, options)),
      reclaim: (range) => through('reclaim', () => database.reclaim(range)),
      close: () => database.close(),
    }
  }
}

export function ioError(message = 'IO error: injected'): Error {
  return Object.assign(new Error(message), { code: 'LEVEL_IO_ERROR' })
}
