import type { Call, Done } from './call.ts'

/** The storage of a device: some calls fail, or the browser closes it under the tabs. */
export function storageFails({ stage, seat, random }: Call): Done {
  const device = stage.deviceOf(seat)
  if (random.chance(0.7)) {
    device.faults.failing = 1 + random.int(4)
    return `${device.faults.failing} calls`
  }
  device.loseHandles()
  return 'closed'
}

/** Somebody, or the browser, deletes the storage of a device, under its tabs if there are any. */
export function deleteStorage({ stage, seat }: Call): Done {
  const device = stage.deviceOf(seat)
  device.deleteStorage()
  stage.ledger.forgetPurges()
  stage.ledger.reconsider()
  return device.name
}

/** The power of a device goes. */
export function losePower({ stage, seat }: Call): Done {
  const device = stage.deviceOf(seat)
  if (device.tabs.size === 0) return null
  device.losePower()
  return ''
}

export function goOffline(call: Call): Done {
  const device = call.stage.deviceOf(call.seat)
  const was = device.isOnline
  device.isOnline = false
  const how = cut(call)
  return was ? '' : how
}

export function goOnline({ stage, seat }: Call): Done {
  const device = stage.deviceOf(seat)
  if (device.isOnline) return null
  device.isOnline = true
  return ''
}

/** Breaks the connections of a device. Now and then nobody is told, as when a cable is drawn. */
export function cut({ stage, seat, random }: Call): Done {
  const isSilent = random.chance(0.25)
  const how = isSilent ? { serverIsTold: random.chance(0.5), clientIsTold: random.chance(0.5) } : {}
  let links = 0
  for (const { host } of stage.deviceOf(seat).tabs) {
    links += host.links.size
    host.cut(random, how)
  }
  return links > 0 ? `${links} connections` : null
}

/** What the tabs of a device ask for next by HTTP arrives twice. */
export function duplicate({ stage, seat, random }: Call): Done {
  const { tabs } = stage.deviceOf(seat)
  if (tabs.size === 0) return null
  for (const { host } of tabs) host.duplicate(1 + random.int(3))
  return ''
}
