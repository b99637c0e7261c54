import { createProcess, type Host, type Process } from '@holdfast/testkit'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import type { Ledger } from '../check/ledger.ts'
import { SPACE } from './device.ts'
import { RELAY_HOST } from './relay.ts'
import type { World } from './world.ts'

/** A program with an unmodified y-websocket client in one room of the stock endpoint. It keeps nothing. */
export interface Guest {
  readonly name: string
  readonly process: Process
  readonly host: Host
  /** The conversation that it has open. */
  readonly id: string
  readonly doc: Y.Doc
  isOnline: boolean
  /** Ends in an orderly way. */
  leave(): void
  crash(): void
}

export interface GuestOptions {
  readonly world: World
  readonly ledger: Ledger
  readonly token: string
}

export function createGuest(name: string, id: string, { world, ledger, token }: GuestOptions): Guest {
  const process = createProcess(name)
  const host = world.network.host(process, () => guest.isOnline)
  world.schedule.enter(process)
  const doc = new Y.Doc()
  const guest: Guest = {
    name,
    process,
    host,
    id,
    doc,
    isOnline: true,
    leave: () => {
      world.schedule.enter(process)
      provider.destroy()
      process.kill()
    },
    crash: () => process.kill(),
  }
  const provider = new WebsocketProvider(`ws://${RELAY_HOST}/yjs`, `${SPACE}/${id}`, doc, {
    params: { token },
    WebSocketPolyfill: host.WebSocket,
    disableBc: true,
  })
  process.onDeath(() => {
    ledger.died(guest)
    // It would stay in the memory of this process by its timers and by what it does when that ends.
    provider.destroy()
  })
  return guest
}
