import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { seededRandom } from '@holdfast/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { serveWebApp } from '../src/web.ts'
import { serve, temporaryFolder } from './command.ts'
import { connect, grown, leave } from './peer.ts'

function writeText(doc: Y.Doc, count: number): void {
  const text = doc.getText('text')
  for (let i = 0; i < count; i += 1) text.insert(text.length, `${i % 10}`)
}

test('two clients see each other’s edits, and a restart keeps them', async () => {
  const data = await temporaryFolder()
  const first = await serve(['--data', data])
  const a = await connect(first.ready, 'conversation')
  const b = await connect(first.ready, 'conversation')
  writeText(a.doc, 100)
  await grown(b.doc, 100)
  writeText(b.doc, 100)
  await grown(a.doc, 200)
  leave(a, b)
  expect((await first.end('SIGTERM')).code).toBe(0)
  const second = await serve(['--data', data])
  const c = await connect(second.ready, 'conversation')
  expect(c.doc.getText('text').toString()).toBe(a.doc.getText('text').toString())
  leave(c)
})

test('SIGTERM and SIGINT end it within five seconds, with clients connected, and tell them to come again', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { ready, end } = await serve(['--data', await temporaryFolder()])
    const peer = await connect(ready, 'conversation')
    writeText(peer.doc, 10)
    const socket = new WebSocket(`${ready.url.replace('http', 'ws')}/yjs/default/other?token=${ready.token}`)
    await new Promise((resolve) => socket.once('open', resolve))
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    const keptAlive = await fetch(`${ready.url}/healthz`)
    expect(keptAlive.status).toBe(200)
    const start = performance.now()
    const { code, err } = await end(signal)
    expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('Error') })
    expect(performance.now() - start).toBeLessThan(5_000)
    const reason = await closed
    expect(reason < 4400 || reason > 4499, `close code ${reason} would be final`).toBe(true)
    leave(peer)
  }
})

test('kill -9 at a random moment loses nothing that anyone has seen', async () => {
  const random = seededRandom(20_261_120)
  const data = await temporaryFolder()
  let doc = new Y.Doc()
  for (let round = 0; round < 6; round += 1) {
    const { ready, end } = await serve(['--data', data])
    const writer = await connect(ready, 'conversation', 'default', doc)
    const watcher = await connect(ready, 'conversation')
    const before = writer.doc.getText('text').length
    const seen = before + 1 + random.int(200)
    const shown = grown(watcher.doc, seen)
    for (let i = 0; i < 400; i += 1) writeText(writer.doc, 1)
    await shown
    const text = watcher.doc.getText('text').toString()
    await end('SIGKILL')
    leave(writer, watcher)
    // A device of its own, that knows nothing: what the relay has, it has from the disk.
    const again = await serve(['--data', data])
    const fresh = await connect(again.ready, 'conversation')
    const kept = fresh.doc.getText('text').toString()
    expect(kept.startsWith(text), `seed ${random.seed}, round ${round}`).toBe(true)
    expect(again.said().err).not.toContain('incarnation-renewed')
    leave(fresh)
    await again.end('SIGTERM')
    doc = fresh.doc
  }
})

test('a space exists when it is named, and from then on when it holds something', async () => {
  const data = await temporaryFolder()
  const status = async (url: string, token: string, space: string) =>
    (await fetch(`${url}/access/${space}`, { headers: { authorization: `Bearer ${token}` } })).status
  const first = await serve(['--data', data, '--space', 'work', '--space', 'empty'])
  expect(await status(first.ready.url, first.ready.token, 'work')).toBe(200)
  expect(await status(first.ready.url, first.ready.token, 'other')).toBe(404)
  const peer = await connect(first.ready, 'conversation', 'work')
  const other = await connect(first.ready, 'conversation', 'work')
  writeText(peer.doc, 3)
  await grown(other.doc, 3)
  leave(peer, other)
  await first.end('SIGTERM')
  const second = await serve(['--data', data])
  expect(await status(second.ready.url, second.ready.token, 'work')).toBe(200)
  expect(await status(second.ready.url, second.ready.token, 'empty')).toBe(404)
})

test('a storage that has lost its end is said, and everything goes on', async () => {
  const data = await temporaryFolder()
  const first = await serve(['--data', data])
  const peer = await connect(first.ready, 'conversation')
  const other = await connect(first.ready, 'conversation')
  writeText(peer.doc, 5)
  await grown(other.doc, 5)
  leave(peer, other)
  await first.end('SIGTERM')
  await writeFile(join(data, 'mark'), 'nonsense')
  const second = await serve(['--data', data])
  expect(second.said().err).toContain('incarnation-renewed')
  const again = await connect(second.ready, 'conversation')
  expect(again.doc.getText('text').length).toBe(5)
  leave(again)
})

test('the web app’s files are served with their policy, and nothing else is', async () => {
  const directory = await temporaryFolder()
  await mkdir(join(directory, 'assets'))
  await writeFile(join(directory, 'index.html'), '<!doctype html>')
  await writeFile(join(directory, 'sw.js'), '//')
  await writeFile(join(directory, 'assets', 'index-abc.js'), '//')
  await writeFile(join(directory, '..', 'outside.txt'), 'outside')
  const { serve: web, built } = serveWebApp(directory)
  expect(built).toBe(true)
  const server = createServer(web)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  for (const path of ['/', '/sw.js']) {
    const { status, headers } = await fetch(url + path)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-cache')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain('connect-src *')
  }
  const asset = await fetch(`${url}/assets/index-abc.js`)
  expect(asset.headers.get('cache-control')).toContain('immutable')
  for (const path of ['/nothing', '/../outside.txt', '/%2e%2e/outside.txt', '/assets/../../outside.txt']) {
    expect((await fetch(url + path)).status).toBe(404)
  }
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
})

test('without a built web app the page says how to build it', async () => {
  const { serve: web, built } = serveWebApp(join(await temporaryFolder(), 'nothing'))
  expect(built).toBe(false)
  const server = createServer(web)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  expect(response.status).toBe(503)
  expect(await response.text()).toContain('npm run build')
})
