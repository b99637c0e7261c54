import { createMemoryLog } from '@holdfast/update-log/memory'
import { SPACE } from '../machines/device.ts'
import type { Stage } from '../machines/stage.ts'

/** How everything stands, for whoever looks into a failure: a line for the relay and each device, and for each of their documents. */
export async function describeState({ world, relay, devices }: Stage): Promise<string[]> {
  const lines = [`at ${world.clock.monotonic()}: relay ${relay.running?.process.name ?? 'down'}`]
  const log = createMemoryLog({ folder: relay.folder.folder.copy() })
  for (const { document, feed, ...stat } of await log.documents(SPACE)) {
    const what = stat.kind === 'live' ? `epoch ${stat.epoch} seq ${stat.seq}` : `purged, epoch ${stat.epoch}`
    lines.push(`  ${document} feed ${feed} ${what} refused [${stat.refused.join(' ')}]`)
  }
  for (const device of devices) {
    device.faults.failing = 0
    const handle = await device.persistence.open()
    lines.push(`${device.name}: cursor ${JSON.stringify(await handle.cursor())}`)
    for (const tab of device.tabs) {
      const open = Array.from(tab.open.values(), ({ id, status }) => `${id} ${JSON.stringify(status.get())}`)
      lines.push(`  tab ${tab.name} ${JSON.stringify(tab.store?.status.get())} links ${tab.host.links.size}`)
      lines.push(...open.map((line) => `    open ${line}`))
    }
    for (const { summary, ...record } of await handle.documents()) {
      lines.push(`  ${JSON.stringify(record)} summary ${summary?.length ?? 0}`)
    }
    await handle.close()
  }
  return lines
}
