import { virtualClock } from '@holdfast/testkit'
import { expect, it } from 'vitest'
import { goingOn, StoodStillError } from '../../src/blobs/going-on.ts'

/** What a client sends, a part each time that it is let. */
function sender() {
  const waiting: ((result: IteratorResult<Uint8Array>) => void)[] = []
  return {
    content: {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<Uint8Array>>((r) => waiting.push(r)) }),
    },
    send: (bytes: number) => waiting.shift()?.({ done: false, value: new Uint8Array(bytes) }),
    end: () => waiting.shift()?.({ done: true, value: undefined }),
  }
}

it('R2 an upload goes on as long as it brings 16 KiB in its time', async () => {
  const clock = virtualClock()
  const { content, send, end } = sender()
  const parts = goingOn(content, 1_000, clock)
  for (let i = 0; i < 5; i += 1) {
    const part = parts.next()
    clock.advance(999)
    send(16 * 1024)
    expect((await part).value?.length).toBe(16 * 1024)
  }
  const last = parts.next()
  end()
  expect(await last).toEqual({ done: true, value: undefined })
})

it('R2 one that drips does not, however small the pauses', async () => {
  const clock = virtualClock()
  const { content, send } = sender()
  const parts = goingOn(content, 1_000, clock)
  for (let i = 0; i < 9; i += 1) {
    const part = parts.next()
    clock.advance(100)
    send(1_000)
    await part
  }
  const part = parts.next()
  clock.advance(100)
  await expect(part).rejects.toThrow(StoodStillError)
})

it('R2 the time that a slow disk takes is not counted', async () => {
  const clock = virtualClock()
  const { content, send } = sender()
  const parts = goingOn(content, 1_000, clock)
  for (let i = 0; i < 9; i += 1) {
    const part = parts.next()
    clock.advance(100)
    send(10)
    await part
    clock.advance(60_000)
  }
  expect(clock.pending()).toBe(0)
})
