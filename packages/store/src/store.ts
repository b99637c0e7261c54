import { PersistenceError } from './persistence/port.ts'
import type { OpenStoreOptions, Store } from './types.ts'

/** Opens a space on this device. */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  throw new PersistenceError('UNAVAILABLE', `the store of ${options.space} is being built`)
}
