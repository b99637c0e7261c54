import { describe, expect, it } from 'vitest'
import { Pace } from '../../src/sync/pace.ts'

const PIECE = 64 * 1024

/** A way to a client that delivers one byte after the other, and pongs come back at once. Times in ms, rates in bytes per ms. */
function send(pace: Pace, way: { readonly delay: number; readonly rate: number }, ms: number) {
  const pongs: { readonly mark: number; readonly at: number }[] = []
  let [free, sent, longest, inFlight, most] = [0, 0, 0, 0, 0]
  for (let now = 0; now < ms; now += 0.5) {
    for (let pong = pongs[0]; pong !== undefined && pong.at <= now; pong = pongs[0]) {
      pongs.shift()
      inFlight -= PIECE
      pace.answered(pong.mark, now)
    }
    // What a socket on this machine takes in one go.
    for (let room = 4; room > 0 && !pace.isFull; room--) {
      sent += PIECE
      inFlight += PIECE
      free = Math.max(free, now) + PIECE / way.rate
      // The first answers are what the queue is measured by.
      if (now > ms / 2) longest = Math.max(longest, free - now)
      if (now > ms / 2) most = Math.max(most, inFlight)
      const mark = pace.sent(PIECE, now)
      if (mark !== null) pongs.push({ mark, at: free + way.delay })
    }
  }
  return { rate: sent / ms, longest, most }
}

describe('W7 the pace of pieces', () => {
  it('keeps what waits on a local way short, whatever the socket takes, and uses the way', () => {
    const { longest, rate } = send(new Pace(), { delay: 0.2, rate: 20_000 }, 2_000)
    expect(longest).toBeLessThan(60)
    expect(rate).toBeGreaterThan(16_000)
  })

  it('keeps what waits on a slow way short', () => {
    const { longest, rate, most } = send(new Pace(), { delay: 20, rate: 1_000 }, 20_000)
    expect(longest).toBeLessThan(250)
    expect(most).toBeLessThan(512 * 1024)
    expect(rate).toBeGreaterThan(900)
  })

  it('fills a way that is fast and long', () => {
    expect(send(new Pace(), { delay: 80, rate: 50_000 }, 5_000).rate).toBeGreaterThan(25_000)
  })

  it('holds nothing back from a client that never answers, and from one that ceases to', () => {
    const pace = new Pace()
    for (let i = 0; i < 100; i++) pace.sent(PIECE, 0)
    expect(pace.isFull).toBe(false)
    pace.answered(1, 1)
    expect(pace.isFull).toBe(true)
    expect(pace.look(4_000)).toBe(false)
    expect(pace.look(6_000)).toBe(true)
    expect(pace.isFull).toBe(false)
  })

  it('takes a mark that was never sent, or twice, for nothing', () => {
    const pace = new Pace()
    for (let i = 0; i < 8; i++) pace.sent(PIECE, 0)
    pace.answered(99, 1)
    expect(pace.isFull).toBe(false)
    pace.answered(8, 1)
    pace.answered(8, 2)
    pace.answered(3, 2)
    expect(pace.isFull).toBe(false)
  })
})
