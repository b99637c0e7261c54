import { afterEach, beforeEach } from 'vitest'
import type { Store } from '../src/types.ts'
import { type Device, deviceOf } from './devices.ts'
import { type RelayHarness, startRelay } from './relay-harness.ts'

export interface RelayPerTest {
  /** A browser of its own that knows the relay of the test which runs. */
  device(): Device
  /** Closes a store before its test ends. */
  closeStore(store: Store): Promise<void>
}

/** Starts a relay before each test of a file, and closes it afterwards, behind the stores that the test opened. */
export function relayPerTest(onStart: (relay: RelayHarness) => void): RelayPerTest {
  let relay: RelayHarness
  const stores = new Set<Store>()
  beforeEach(async () => {
    relay = await startRelay()
    onStart(relay)
  })
  afterEach(async () => {
    for (const store of stores) await store.close()
    stores.clear()
    await relay.close()
  })
  return {
    device: () => deviceOf(() => relay, stores),
    closeStore: async (store) => {
      stores.delete(store)
      await store.close()
    },
  }
}
