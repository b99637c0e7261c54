import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAccess, createRelay, type Relay } from '@holdfast/relay'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, beforeEach, expect, test } from 'vitest'

let relay: Relay
let server: Server

beforeEach(async () => {
  relay = createRelay({ log: createMemoryLog(), access: createAccess({ key: new Uint8Array(32) }) })
  server = createServer()
  relay.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  await relay.close()
  await new Promise((resolve) => server.close(resolve))
})

const deployed = (name: string): string =>
  readFileSync(new URL(`../deploy/monitoring/${name}`, import.meta.url), 'utf8')

test.each(['grafana-dashboard.json', 'alerts.yml'])('%s asks only for metrics that the relay has', async (name) => {
  const { port } = server.address() as AddressInfo
  const rendered = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const known = new Set([...rendered.matchAll(/^# TYPE (\S+)/gm)].map(([, metric]) => metric!))
  const asked = new Set([...deployed(name).matchAll(/\b(?:holdfast|process)_[a-z_]+/g)].map(([metric]) => metric))
  expect(asked.size).toBeGreaterThan(2)
  for (const metric of asked) expect(known).toContain(metric.replace(/_bucket$/, ''))
})
