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

const deployed = (name: string): string => readFileSync(new URL(`../deploy/${name}`, import.meta.url), 'utf8')

/** The relay's metrics by name, with their types. */
async function types(): Promise<Map<string, string>> {
  const { port } = server.address() as AddressInfo
  const rendered = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return new Map([...rendered.matchAll(/^# TYPE (\S+) (\S+)/gm)].map(([, metric, type]) => [metric!, type!]))
}

const HERE = ['monitoring/grafana-dashboard.json', 'monitoring/alerts.yml']

test.each(HERE)('%s asks only for metrics that the relay has', async (name) => {
  const known = await types()
  const asked = new Set([...deployed(name).matchAll(/\b(?:holdfast|process)_[a-z_]+/g)].map(([metric]) => metric))
  expect(asked.size).toBeGreaterThan(2)
  for (const metric of asked) expect([...known.keys()]).toContain(metric.replace(/_bucket$/, ''))
})

test.each(HERE)('%s asks each metric for what its type has', async (name) => {
  const known = await types()
  // A gauge stands by itself, a counter only grows: its rate or increase says something. Of a histogram the buckets' rates do.
  const uses = [...deployed(name).matchAll(/(\w+\()?\b((?:holdfast|process)_[a-z_]+)(?:\{[^}]*\})?(\[)?/g)]
  expect(uses.length).toBeGreaterThan(2)
  for (const [, before, metric, range] of uses) {
    if (before === 'label_values(') continue
    const type = known.get(metric!) ?? known.get(metric!.replace(/_bucket$/, ''))
    const overTime = (before === 'rate(' || before === 'increase(') && range === '['
    expect([metric, overTime]).toEqual([metric, type !== 'gauge'])
    expect([metric, metric!.endsWith('_bucket')]).toEqual([metric, type === 'histogram'])
  }
})

test('nginx hands on under which name and for whom it asks, and keeps tokens and figures to itself', () => {
  const config = deployed('proxy/nginx.conf')
  expect(config).toMatch(/proxy_set_header Host \$http_host;/)
  expect(config).toMatch(/proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;/)
  expect(config).toMatch(/location = \/metrics \{\s+return 404;/)
  expect(config).toMatch(/access_log \S+ holdfast;/)
  expect(config.match(/log_format holdfast .*/)![0]).not.toMatch(/\$(request|request_uri|args|query_string)\b/)
})
