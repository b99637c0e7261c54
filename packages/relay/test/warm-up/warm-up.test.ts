import type { AddressInfo } from 'node:net'
import { joinUpdates } from '@holdfast/protocol'
import { createMemoryFolder, createMemoryLog } from '@holdfast/update-log/memory'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import * as Y from 'yjs'
import { systemClock } from '../../src/clock.ts'
import { visitStock, visitSync } from '../../src/warm-up/clients.ts'
import { loadAgain } from '../../src/warm-up/loading.ts'
import { message, token } from '../../src/warm-up/made-conversation.ts'
import { readAgain } from '../../src/warm-up/reading.ts'
import { serveAgain } from '../../src/warm-up/serving.ts'
import { warm, warmUp } from '../../src/warm-up/warm-up.ts'
import { whenQuiet } from '../../src/warm-up/when-quiet.ts'
import { ManualClock } from '../fakes.ts'

/** Wanted so many times that it was asked. */
function wanted(times: number): () => boolean {
  let asked = 0
  return () => ++asked <= times
}

test('the made conversation is one that Yjs reads: messages with a role and a text, and a text of tokens', () => {
  const conversation = new Y.Doc()
  Y.applyUpdate(conversation, joinUpdates([message(0), message(1), message(2)]))
  const messages = conversation.getMap<Y.Map<unknown>>('messages')
  expect([...messages.keys()].sort()).toEqual(['message-0', 'message-1', 'message-2'])
  const second = messages.get('message-1')
  expect(second?.get('role')).toBe('assistant')
  expect(String(second?.get('text'))).toHaveLength(600)

  const streamed = new Y.Doc()
  Y.applyUpdate(streamed, joinUpdates([token(0), token(1), token(2)]))
  expect(streamed.getText('text').toString()).toBe('warmwarmwarm')
})

test('a long conversation is read to the end, and others have their turn between', async () => {
  let turns = 0
  let isOver = false
  const count = (): void => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const times = await readAgain(() => true)
  isOver = true
  expect(times).toBeGreaterThan(0)
  expect(turns).toBeGreaterThanOrEqual(times)
})

test('visitors of both endpoints are served by a relay in small, which then is gone', async () => {
  const listening = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length
  const before = listening()
  expect(await serveAgain(() => true)).toBe(600)
  // Its handle is closed some turns later; were it not, this would not end.
  while (listening() > before) await new Promise((resolve) => setImmediate(resolve))
})

test('what changed last is loaded, of all spaces, and nothing of it changes', async () => {
  const folder = createMemoryFolder()
  const log = createMemoryLog({ folder })
  for (let i = 0; i < 100; i++) await log.append({ space: 'default', document: `document-${i}` }, message(0))
  await log.append({ space: 'team', document: 'theirs' }, message(0))
  await log.purge({ space: 'default', document: 'document-99' })
  const { commits } = log
  const asked = new Set<string>()
  const seen = Object.create(log, {
    load: {
      value: (ref: { space: string; document: string }) => {
        asked.add(`${ref.space}/${ref.document}`)
        return log.load(ref)
      },
    },
  }) as typeof log
  expect(await loadAgain(seen, () => true, systemClock)).toBeGreaterThanOrEqual(asked.size)
  expect(asked).toContain('team/theirs')
  expect(asked).toContain('default/document-98')
  expect(asked).not.toContain('default/document-99')
  expect(asked).not.toContain('default/document-0')
  expect(log.commits).toBe(commits)
  await log.close()
})

test('what is large is not loaded, and at the end of its time nothing more is', async () => {
  const log = createMemoryLog()
  await log.append({ space: 'default', document: 'small' }, message(0))
  const many = Array.from({ length: 200 }, (_, number) => message(number))
  await log.append({ space: 'default', document: 'large' }, joinUpdates(many))
  const clock = new ManualClock()
  const asked: string[] = []
  const seen = Object.create(log, {
    load: {
      value: (ref: { document: string }) => {
        asked.push(ref.document)
        if (asked.length === 5) clock.pass(1_000)
        return log.load({ space: 'default', document: ref.document })
      },
    },
  }) as typeof log
  expect(await loadAgain(seen, () => true, clock)).toBe(5)
  expect(asked).toEqual(Array.from({ length: 5 }, () => 'small'))
  await log.close()
})

test('a visit that is not answered ends all the same, and says so', async () => {
  const silent = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => silent.once('listening', resolve))
  const { port } = silent.address() as AddressInfo
  for (const visit of [visitStock, visitSync]) {
    const clock = new ManualClock()
    const asked = new Promise((resolve) => silent.once('connection', (socket) => socket.once('message', resolve)))
    const visited = visit({ port, token: 'x', document: 'd', update: null, clock })
    const ended = expect(visited).rejects.toThrow('ended with 1006')
    await asked
    clock.pass(5_000)
    await ended
  }
  await new Promise((resolve) => silent.close(resolve))
})

test('a warm-up ends before its next step when it is not wanted any more', async () => {
  const log = createMemoryLog()
  await log.append({ space: 'default', document: 'one' }, message(0))
  expect(await warm(log, () => false)).toEqual({ served: 0, loaded: 0, read: 0 })
  expect(await warmUp({ log, traffic: () => 0, isOver: () => true })).toBe(false)
  // Once before anything is made, then before each time.
  expect(await readAgain(wanted(3))).toBe(2)
  expect(await loadAgain(log, wanted(4), systemClock)).toBe(3)
  expect(await serveAgain(wanted(8))).toBe(7)
  await log.close()
})

/** What is run when it is quiet, one run after the other, each until the test lets it go on. */
function quietRuns() {
  const clock = new ManualClock()
  const state = { traffic: 0, isOver: false, runs: 0 }
  let isWanted = (): boolean => false
  let end: () => void = () => undefined
  let began: () => void = () => undefined
  const done = whenQuiet({
    clock,
    traffic: () => state.traffic,
    isOver: () => state.isOver,
    run: (wanted) => {
      isWanted = wanted
      state.runs += 1
      began()
      return new Promise<void>((resolve) => {
        end = resolve
      })
    },
  })
  return {
    clock,
    state,
    done,
    isWanted: () => isWanted(),
    /** The run that there is ends; what follows has been done. */
    async ends(): Promise<void> {
      end()
      await new Promise((resolve) => setImmediate(resolve))
    },
    /** Resolves when the next run has begun. */
    next: () =>
      new Promise<void>((resolve) => {
        began = resolve
      }),
  }
}

test('a warm-up that was disturbed is done when nobody has asked for anything for a while', async () => {
  const { clock, state, done, isWanted, ends, next } = quietRuns()
  expect([state.runs, isWanted()]).toEqual([1, true])
  state.traffic += 1
  expect(isWanted()).toBe(false)
  await ends()
  // They are being served all the while.
  for (let i = 0; i < 10; i += 1) {
    state.traffic += 1
    clock.pass(250)
  }
  expect(state.runs).toBe(1)
  const again = next()
  clock.pass(250)
  await again
  expect([state.runs, isWanted()]).toEqual([2, true])
  await ends()
  expect(await done).toBe(true)
})

test('a warm-up that is disturbed again and again is given up', async () => {
  const { clock, state, done, isWanted, ends } = quietRuns()
  for (let i = 0; i < 8; i += 1) {
    state.traffic += 1
    expect(isWanted()).toBe(false)
    await ends()
    clock.pass(250)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await done).toBe(false)
  expect(state.runs).toBe(8)
})

test('a warm-up is not done again after as much has been served', async () => {
  const { clock, state, done, isWanted, ends } = quietRuns()
  state.traffic += 2_000
  expect(isWanted()).toBe(false)
  await ends()
  clock.pass(250)
  expect(await done).toBe(false)
  expect(state.runs).toBe(1)
})

test('a warm-up ends with the relay, also while it waits', async () => {
  const { clock, state, done, isWanted, ends } = quietRuns()
  state.traffic += 1
  expect(isWanted()).toBe(false)
  await ends()
  state.isOver = true
  clock.pass(250)
  expect(await done).toBe(false)
  expect(state.runs).toBe(1)
})
