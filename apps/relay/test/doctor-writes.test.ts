import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAccess, createRelay } from '@holdfast/relay'
import { UpdateLogError } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { expect, onTestFinished, test } from 'vitest'
import { runHere, temporaryFolder } from './command.ts'
import { connect, leave } from './peer.ts'

const TOKEN = 'an-admin-token-that-is-long-enough-0123456789'

test('M3 doctor says of a relay that cannot write that it cannot, here and through its address', async () => {
  const log = Object.create(createMemoryLog(), {
    append: { value: () => Promise.reject(new UpdateLogError('STORAGE_FULL', 'The disk is full.')) },
  })
  let failed = (): void => undefined
  const writeFailed = new Promise<void>((resolve) => {
    failed = resolve
  })
  const relay = createRelay({
    log,
    access: createAccess({ key: new Uint8Array(32), adminToken: TOKEN }),
    onEvent: ({ event }) => event === 'append-failed' && failed(),
  })
  const server = createServer(relay.serverOptions)
  relay.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await relay.close()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const peer = await connect({ url, token: TOKEN, event: 'listening', space: 'default', data: '' }, 'one')
  peer.doc.getText('text').insert(0, 'hello')
  await writeFailed
  leave(peer)
  const { code, out } = await runHere([
    'doctor',
    '--data',
    await temporaryFolder(),
    '--port',
    String(port),
    '--url',
    url,
  ])
  expect(code).toBe(1)
  expect(out).toMatch(/fail {2}port +the relay at 127\.0\.0\.1:\d+ cannot write\n.*Make room/)
  expect(out).toMatch(/fail {2}reach +the relay at http:\/\/127\.0\.0\.1:\d+ cannot write\n.*Make room/)
})
