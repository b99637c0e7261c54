import { type Persistence, PersistenceError } from './port.ts'

export interface IndexedDbOptions {
  readonly space: string
  readonly indexedDB?: IDBFactory
}

export function indexedDbPersistence(options: IndexedDbOptions): Persistence {
  throw new PersistenceError('UNAVAILABLE', `IndexedDB persistence of ${options.space} is being built`)
}
