import { afterEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { ADMIN, type RunningRelay, startRelay, stockClient, until } from './helpers.ts'

let running: RunningRelay | null = null
const providers: { destroy(): void }[] = []
afterEach(async () => {
  for (const provider of providers.splice(0)) provider.destroy()
  await running?.stop()
  running = null
})

async function start(...options: Parameters<typeof startRelay>): Promise<RunningRelay> {
  running = await startRelay(...options)
  return running
}

function client(...args: Parameters<typeof stockClient>) {
  const made = stockClient(...args)
  providers.push(made.provider)
  return made
}

describe('an unmodified y-websocket provider', () => {
  it("W2 two of them see each other's edits, and a third that comes later sees all", async () => {
    const { port, token, log } = await start()
    const a = client(port, 'chat', await token())
    const b = client(port, 'chat', ADMIN)
    await Promise.all([a.synced, b.synced])
    a.text.insert(0, 'hello')
    await until(b.doc, () => b.text.toString() === 'hello')
    b.text.insert(5, ' world')
    await until(a.doc, () => a.text.toString() === 'hello world')
    const c = client(port, 'chat', ADMIN)
    await c.synced
    expect(c.text.toString()).toBe('hello world')
    const loaded = await log.load({ space: 'default', document: 'chat' })
    const stored = new Y.Doc()
    for (const update of loaded?.updates ?? []) Y.applyUpdate(stored, update)
    expect(stored.getText('text').toString()).toBe('hello world')
  })

  it('W2 what was written offline arrives when it comes back, on both sides', async () => {
    const { port } = await start()
    const a = client(port, 'chat', ADMIN)
    const b = client(port, 'chat', ADMIN)
    await Promise.all([a.synced, b.synced])
    a.provider.disconnect()
    a.text.insert(0, 'from a ')
    b.text.insert(0, 'from b ')
    a.provider.connect()
    await until(a.doc, () => a.text.length === 14)
    await until(b.doc, () => b.text.length === 14)
    expect(a.text.toString()).toBe(b.text.toString())
  })

  it('W4 a reader sees edits, and its own are stored nowhere', async () => {
    const { port, token, log } = await start()
    const writer = client(port, 'chat', await token())
    const reader = client(port, 'chat', await token('read'))
    await Promise.all([writer.synced, reader.synced])
    reader.text.insert(0, 'mine')
    writer.text.insert(0, 'theirs')
    await until(reader.doc, () => reader.text.toString().includes('theirs'))
    const late = client(port, 'chat', await token())
    await late.synced
    expect(late.text.toString()).toBe('theirs')
    expect((await log.load({ space: 'default', document: 'chat' }))?.seq).toBe(1)
  })

  it('W10 two of them know of each other, and one that goes is gone', async () => {
    const { port } = await start()
    const a = client(port, 'chat', ADMIN)
    const b = client(port, 'chat', ADMIN)
    a.provider.awareness.setLocalStateField('user', 'ann')
    b.provider.awareness.setLocalStateField('user', 'bob')
    const sees = (provider: typeof a.provider, users: string[]): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          const seen = [...provider.awareness.getStates().values()].map(({ user }) => user).sort()
          if (JSON.stringify(seen) !== JSON.stringify(users)) return
          provider.awareness.off('change', look)
          resolve()
        }
        provider.awareness.on('change', look)
        look()
      })
    await Promise.all([sees(a.provider, ['ann', 'bob']), sees(b.provider, ['ann', 'bob'])])
    b.provider.destroy()
    await sees(a.provider, ['ann'])
  })

  it('W3 and a relay that is restarted: nothing is lost', async () => {
    const first = await start()
    const a = client(first.port, 'chat', ADMIN)
    await a.synced
    a.text.insert(0, 'kept')
    const b = client(first.port, 'chat', ADMIN)
    await until(b.doc, () => b.text.toString() === 'kept')
    a.provider.destroy()
    b.provider.destroy()
    await first.stop()
    const second = await start({ log: first.log })
    const c = client(second.port, 'chat', ADMIN)
    await c.synced
    expect(c.text.toString()).toBe('kept')
  })
})
