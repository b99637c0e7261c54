import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLevelLog } from '@holdfast/update-log/level'
import { afterEach, describe, expect, it } from 'vitest'
import { STEP1, writerDoc } from './fakes.ts'
import { ADMIN, get, type RunningRelay, rawClient, startRelay } from './helpers.ts'

let running: RunningRelay | null = null
const folders: string[] = []
afterEach(async () => {
  await running?.stop()
  running = null
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** Every sample by its name and labels. */
function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

describe('/metrics', () => {
  it('M1 counts rooms, peers, updates, bytes, acks, fsyncs, queues, compactions and refusals', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-metrics-'))
    folders.push(directory)
    const log = await openLevelLog({ directory })
    running = await startRelay({ log })
    const client = rawClient(`ws://127.0.0.1:${running.port}/yjs/default/chat?token=${ADMIN}`)
    await client.opened
    const { doc, frames, updates } = writerDoc()
    for (let i = 0; i < 5; i++) doc.getText('text').insert(0, 'hello')
    for (const frame of frames) client.socket.send(frame)
    client.socket.send(STEP1)
    await client.message((bytes) => bytes[0] === 0 && bytes[1] === 1)
    await get(running.port, '/access/default')
    const found = samples(String((await get(running.port, '/metrics')).body))
    expect(Object.fromEntries(found)).toMatchObject({
      holdfast_rooms: 1,
      holdfast_peers: 1,
      holdfast_channels: 0,
      holdfast_unsaved_updates: 0,
      holdfast_compactions_waiting: 0,
      holdfast_compactions_total: 0,
      holdfast_updates_total: 5,
      holdfast_update_bytes_total: updates.reduce((sum, update) => sum + update.length, 0),
      holdfast_ack_seconds_count: 5,
      'holdfast_ack_seconds_bucket{le="+Inf"}': 5,
      'holdfast_refusals_total{reason="NO_TOKEN"}': 1,
    })
    expect(found.get('holdfast_fsync_seconds_count')).toBeGreaterThan(0)
    expect(found.get('holdfast_fsync_seconds_sum')).toBeGreaterThan(0)
    expect(found.get('holdfast_append_seconds_count')).toBe(found.get('holdfast_fsync_seconds_count'))
    expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
    client.socket.terminate()
    await running.stop()
    running = null
    await log.close()
  })

  it('M1 is what Prometheus reads: each name with its help and type once, buckets that only grow', async () => {
    running = await startRelay()
    const response = await get(running.port, '/metrics')
    expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = String(response.body)
    const typed = [...text.matchAll(/^# TYPE (\S+) (gauge|counter|histogram)$/gm)].map(([, name]) => name)
    expect(new Set(typed).size).toBe(typed.length)
    for (const [, name] of text.matchAll(/^# HELP (\S+) ./gm)) expect(typed).toContain(name)
    for (const name of samples(text).keys()) {
      const base = name.replace(/\{.*/, '').replace(/_(?:bucket|sum|count)$/, '')
      expect(
        typed.some((one) => one === base || one === name),
        name,
      ).toBe(true)
    }
    for (const name of ['ack', 'fsync', 'append']) {
      const buckets = [...samples(text)].filter(([key]) => key.startsWith(`holdfast_${name}_seconds_bucket`))
      expect(buckets.map(([, value]) => value)).toEqual(buckets.map(([, value]) => value).sort((a, b) => a - b))
    }
  })

  it('M2 is for this machine and for tokens of all spaces', async () => {
    running = await startRelay()
    const { port, token } = running
    const status = async (headers: Record<string, string>): Promise<unknown[]> => {
      const { status, body } = await get(port, '/metrics', headers)
      return [status, (body as { error?: { code: string } }).error?.code]
    }
    const bearer = async (...given: Parameters<typeof token>) => ({ authorization: `Bearer ${await token(...given)}` })
    expect(await status({})).toEqual([200, undefined])
    expect(await status({ 'x-forwarded-for': '203.0.113.7' })).toEqual([401, 'NO_TOKEN'])
    expect(await status({ via: '1.1 proxy' })).toEqual([401, 'NO_TOKEN'])
    expect(await status({ authorization: 'Bearer wrong' })).toEqual([401, 'BAD_TOKEN'])
    expect(await status(await bearer('admin'))).toEqual([403, 'FORBIDDEN'])
    expect(await status(await bearer('read', { spaces: '*', documents: ['a'] }))).toEqual([403, 'FORBIDDEN'])
    expect(await status({ ...(await bearer('read', { spaces: '*' })), via: '1.1 proxy' })).toEqual([200, undefined])
  })

  it('M2 behind a proxy a connection from this machine says nothing', async () => {
    running = await startRelay({ publicUrl: 'https://chat.example.org' })
    expect((await get(running.port, '/metrics')).status).toBe(401)
    expect((await get(running.port, '/metrics', { authorization: `Bearer ${ADMIN}` })).status).toBe(200)
    expect((await get(running.port, '/healthz')).status).toBe(200)
    expect((await get(running.port, '/readyz')).status).toBe(200)
  })

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((one) => one !== undefined && !one.internal && one.family === 'IPv4')?.address

  it.skipIf(outside === undefined)('M2 asks for a token from elsewhere', async () => {
    running = await startRelay()
    running.server.close()
    const port = await new Promise<number>((resolve) => {
      running!.server.listen(0, outside, () => resolve((running!.server.address() as { port: number }).port))
    })
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest({ host: outside!, port, path: '/metrics' }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', reject)
      request.end()
    })
    expect(status).toBe(401)
  })
})
