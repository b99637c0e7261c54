import { afterEach } from 'vitest'
import { type RunningRelay, startRelay } from '../helpers.ts'
import { Device, type DeviceOptions } from './driver.ts'

const relays = new Set<RunningRelay>()
const devices = new Set<Device>()

afterEach(async () => {
  for (const device of devices) device.close()
  devices.clear()
  for (const relay of relays) await relay.stop()
  relays.clear()
})

/** A relay that is gone when the test is. */
export async function relayFor(options: Parameters<typeof startRelay>[0] = {}): Promise<RunningRelay> {
  const relay = await startRelay(options)
  relays.add(relay)
  return relay
}

/** Ends a relay in the middle of a test. */
export async function stopRelay(relay: RunningRelay): Promise<void> {
  relays.delete(relay)
  await relay.stop()
}

/** A device that has connected, or was refused. */
export async function deviceAt(at: RunningRelay, options: Partial<DeviceOptions> = {}): Promise<Device> {
  const made = new Device({ port: at.port, token: await at.token(), ...options })
  devices.add(made)
  return made.connect()
}
