import { afterEach, describe, expect, it } from 'vitest'
import { createAccess } from '../../src/index.ts'
import { ADMIN, KEY, type RunningRelay, startRelay, upgradeStatus } from '../helpers.ts'
import { TcpClient } from './tcp-client.ts'

let running: RunningRelay | null = null
afterEach(async () => {
  await running?.stop()
  running = null
})

describe('sockets before anything is known of them', () => {
  it('L1 one that is torn off while its token is looked at harms nobody', async () => {
    const looked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<null>()
    const access = {
      ...createAccess({ key: KEY, adminToken: ADMIN }),
      verify: () => {
        looked.resolve()
        return answer.promise
      },
    }
    running = await startRelay({ access })
    const client = new TcpClient(running.port)
    void client.upgrade(`/yjs/default/chat?token=${ADMIN}`).catch(() => undefined)
    await looked.promise
    const torn = new Promise((resolve) => running!.server.once('connection', resolve))
    client.socket.resetAndDestroy()
    await client.closed
    // Another connection's coming is told after the end of the first.
    const other = new TcpClient(running.port)
    await torn
    answer.resolve(null)
    await other.upgrade('/yjs/default/chat')
    expect(other.head).toContain('401')
    expect((await upgradeStatus(running.port, '/yjs/default/chat')).status).toBe(401)
  })
})
