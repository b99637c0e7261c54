import type { Environment } from '../environment.ts'
import type { RelayAddress } from '../types.ts'
import { askFeed } from './feed.ts'
import { baseOf, createGate } from './gate.ts'
import { joinDocument } from './membership.ts'
import { OfflineError, type StockConnection } from './port.ts'

/**
 * The relay over stock y-websocket providers, one socket per document that is open (design §6, stock endpoint): for relays
 * that have no `/sync`, of an older version or another make.
 */
export function websocketConnection(
  space: string,
  address: RelayAddress,
  environment: Pick<Environment, 'clock' | 'random' | 'fetch' | 'WebSocket'>,
): StockConnection {
  const gate = createGate(space, address, environment)
  const memberships = new Set<{ leave(): void }>()
  const serverUrl = `${baseOf(address).replace(/^http/, 'ws')}/yjs/${encodeURIComponent(space)}`
  return {
    kind: 'stock',
    state: gate.state,
    join: (id, doc, awareness) => {
      const membership = joinDocument({
        serverUrl,
        id,
        doc,
        awareness,
        token: address.token,
        gate,
        WebSocket: environment.WebSocket,
        clock: environment.clock,
        random: environment.random,
      })
      memberships.add(membership)
      return {
        ...membership,
        leave: () => {
          memberships.delete(membership)
          membership.leave()
        },
      }
    },
    feed: async (after, signal) => {
      if (gate.state.get().kind !== 'connected') throw new OfflineError('not connected')
      try {
        return await askFeed(space, address, after, signal, environment.fetch)
      } catch (error) {
        if (!signal.aborted) gate.doubt()
        throw error
      }
    },
    retry: gate.retry,
    close: () => {
      gate.close()
      for (const membership of memberships) membership.leave()
      memberships.clear()
    },
  }
}
