import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAccess, createRelay, type RelayEvent, type RelayOptions } from '@holdfast/relay'
import { ADMIN_TOKEN } from './relay.ts'

export interface RelayHere {
  readonly url: string
  readonly events: readonly RelayEvent[]
  close(): Promise<void>
}

/** A relay in this process, on a log and a clock of the caller's. */
export async function relayHere(
  options: Omit<RelayOptions, 'access'> & Partial<Pick<RelayOptions, 'access'>>,
): Promise<RelayHere> {
  const events: RelayEvent[] = []
  const access = createAccess({ key: new Uint8Array(32).fill(9), adminToken: ADMIN_TOKEN })
  const relay = createRelay({ access, onEvent: (event) => events.push(event), ...options })
  const server = createServer()
  relay.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    events,
    async close() {
      await relay.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
