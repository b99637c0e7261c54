import { type UpdateLog, UpdateLogError } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock, writerDoc } from './fakes.ts'
import { ADMIN, get, type RunningRelay, rawClient, startRelay } from './helpers.ts'

let running: RunningRelay | null = null
afterEach(async () => {
  await running?.stop()
  running = null
})

/** A log whose writes fail while `failing` is set. */
function failingLog() {
  const log = createMemoryLog()
  const faults: { failing: UpdateLogError | null } = { failing: null }
  const failing: UpdateLog = Object.create(log, {
    append: {
      value: (...given: Parameters<UpdateLog['append']>) =>
        faults.failing === null ? log.append(...given) : Promise.reject(faults.failing),
    },
  })
  return { log: failing, faults }
}

/** Sends an edit, and resolves with the code it was closed with, or 0 when it was stored. */
async function edit(port: number, document: string): Promise<number> {
  const client = rawClient(`ws://127.0.0.1:${port}/yjs/default/${document}?token=${ADMIN}`)
  await client.opened
  const watcher = rawClient(`ws://127.0.0.1:${port}/yjs/default/${document}?token=${ADMIN}`)
  await watcher.opened
  const { doc, frames } = writerDoc()
  doc.getText('text').insert(0, 'hello')
  for (const frame of frames) client.socket.send(frame)
  const shown = watcher.message((bytes) => bytes[0] === 0 && bytes[1] === 2).then(() => 0)
  const code = await Promise.race([shown, client.closed.then((end) => end.code)])
  client.socket.terminate()
  watcher.socket.terminate()
  return code
}

describe('/readyz', () => {
  it.each(['STORAGE_FULL', 'STORAGE_FAILED'] as const)(
    'M3 says %s while writes fail, and reading goes on',
    async (code) => {
      const { log, faults } = failingLog()
      running = await startRelay({ log })
      const { port } = running
      expect(await edit(port, 'chat')).toBe(0)
      faults.failing = new UpdateLogError(code, 'The disk of /data is full.')
      expect(await edit(port, 'chat')).toBe(4500)
      const { incarnation } = log
      const failing = {
        status: 'writes-fail',
        code,
        message: expect.stringMatching(/reading goes on/),
        incarnation,
        quarantine: [],
      }
      expect(await get(port, '/readyz')).toMatchObject({ status: 503, body: failing })
      expect((await get(port, '/healthz')).status).toBe(200)
      faults.failing = null
      expect(await edit(port, 'chat')).toBe(0)
      expect(await get(port, '/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } })
    },
  )

  it('M3 a write that failed says nothing any more when nobody has tried for a minute', async () => {
    const { log, faults } = failingLog()
    const clock = new ManualClock()
    running = await startRelay({ log, clock })
    faults.failing = new UpdateLogError('STORAGE_FULL', 'The disk of /data is full.')
    await edit(running.port, 'chat')
    clock.pass(59_000)
    expect((await get(running.port, '/readyz')).status).toBe(503)
    clock.pass(1_000)
    expect((await get(running.port, '/readyz')).status).toBe(200)
  })

  it('M3 what one document refuses is not the storage’s', async () => {
    const { log, faults } = failingLog()
    running = await startRelay({ log })
    faults.failing = new UpdateLogError('PURGED', 'chat was purged.')
    await edit(running.port, 'chat')
    expect((await get(running.port, '/readyz')).status).toBe(200)
  })
})
