import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLevelLog } from '@holdfast/update-log/level'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createAccess, openTokenLedger } from '../../src/index.ts'
import { STEP1, writerDoc } from '../fakes.ts'
import { ADMIN, get, KEY, type RunningRelay, rawClient, startRelay, upgradeStatus } from '../helpers.ts'
import { openFrame, SyncSocket } from './sync-socket.ts'
import { TcpClient } from './tcp-client.ts'

let directory = ''
let running: RunningRelay | null = null
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-secrecy-'))
})
afterEach(async () => {
  await running?.stop()
  running = null
  await rm(directory, { recursive: true })
})

it('A13 no token is in any event, metric, answer, close reason or file, whatever becomes of its request', async () => {
  const ledger = await openTokenLedger({ directory, now: Date.now, mend: true })
  const access = createAccess({ key: KEY, adminToken: ADMIN, ledger })
  const log = await openLevelLog({ directory })
  running = await startRelay({ log, access })
  const { port, relay, events, token } = running
  const said: unknown[] = []
  const { token: good } = await access.create({
    name: 'good',
    role: 'write',
    spaces: ['default'],
    documents: ['chat'],
    expires: Date.now() + 3_600_000,
  })
  const tokens = [
    ADMIN,
    good,
    await token('read'),
    await token('write', { spaces: ['elsewhere'] }),
    await token('write', { expires: Date.now() - 1_000 }),
    'a-made-up-token-0123456789-0123456789',
  ]
  for (const one of tokens) {
    const bearer = { authorization: `Bearer ${one}` }
    for (const query of [`?token=${one}`, `?token=${one}&token=${one}`, `?TOKEN=${one}`]) {
      said.push(await upgradeStatus(port, `/yjs/default/other${query}`))
    }
    for (const path of [
      '/access/default',
      '/access/nowhere',
      '/feed/default?limit=x',
      '/admin/tokens',
      '/metrics',
      '/blobs/default/x',
      '/nowhere',
    ]) {
      said.push(await get(port, path, bearer), await get(port, `${path}${path.includes('?') ? '&' : '?'}token=${one}`))
    }
    if (one.includes('.')) said.push(await upgradeStatus(port, `/yjs/default/${one}`), await get(port, `/feed/${one}`))
    said.push(await get(port, '/access/default', { authorization: `Basic ${one}` }))
    said.push(await get(port, '/access/default', { ...bearer, host: 'evil.example' }))
    said.push(await get(port, '/access/default', { ...bearer, origin: 'https://evil.example' }))
    const large = new TcpClient(port)
    large.socket.write(`GET /yjs/default/chat?token=${one} HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`)
    await large.closed
    said.push(large.head, large.body)
    const sync = await SyncSocket.open(port)
    sync.send({
      kind: 'hello',
      minVersion: 1,
      maxVersion: 1,
      client: 'w',
      agent: 'test',
      token: one,
      incarnation: '',
      cursor: 0,
    })
    sync.send({ kind: 'renew', token: one }, openFrame(1, 'chat'), openFrame(1, 'chat'))
    said.push(
      await sync.closed,
      sync.frames.map((frame) => ({ ...frame, bytes: null })),
    )
  }
  const client = rawClient(`ws://127.0.0.1:${port}/yjs/default/chat?token=${good}`)
  await client.opened
  const { doc, frames } = writerDoc()
  doc.getText('text').insert(0, 'hello')
  client.socket.send(frames[0]!)
  client.socket.send(STEP1)
  await client.message((bytes) => bytes[0] === 0 && bytes[1] === 1)
  await ledger.revoke(ledger.list()[0]!.id)
  said.push(await client.closed)
  await running.stop()
  running = null
  await log.close()

  const files = await Promise.all(
    (await readdir(directory, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await readFile(join(entry.parentPath, entry.name))).toString('latin1')),
  )
  const everything = [JSON.stringify(events), relay.metrics(), JSON.stringify(said), ...files].join('\n')
  expect(events.length).toBeGreaterThan(50)
  expect(files.length).toBeGreaterThan(3)
  for (const one of tokens) {
    // The signature is the secret of a token; the rest names what it is for, and has no place there either.
    for (const part of one.split('.')) if (part !== 'eyJhbGciOiJIUzI1NiJ9') expect(everything).not.toContain(part)
  }
  expect(everything).not.toContain(Buffer.from(KEY).toString('latin1'))
})
