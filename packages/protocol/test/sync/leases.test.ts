import { describe, expect, it } from 'vitest'
import { LEASE_TTL, Leases, REFUSAL } from '../../src/index.ts'

const wish = (holder: string, key = 'turn', document = 'doc') => ({ document, key, holder, ttl: 10_000 })
const HELD = { kind: 'refused', code: REFUSAL.LEASE_HELD }
const LOST = { kind: 'refused', code: REFUSAL.LEASE_LOST }

function granted(answer: ReturnType<Leases['acquire']>): number {
  if (answer.kind !== 'granted') throw new Error(`refused with ${answer.code}`)
  return answer.lease.fencing
}

describe('leases', () => {
  it('W12 one window has the lease, another waits until it is over', () => {
    const leases = new Leases()
    granted(leases.acquire(wish('a'), 1000))
    expect(leases.acquire(wish('b'), 10_999)).toEqual(HELD)
    expect(granted(leases.acquire(wish('b'), 11_000))).toBeGreaterThan(0)
    expect(leases.find('doc', 'turn', 11_000)?.holder).toBe('b')
  })

  it('W12 fencing numbers grow with every grant, for the same holder too', () => {
    const leases = new Leases()
    const first = granted(leases.acquire(wish('a'), 1000))
    const second = granted(leases.acquire(wish('a'), 1000))
    const other = granted(leases.acquire(wish('b', 'another'), 500))
    expect(second).toBeGreaterThan(first)
    expect(other).toBeGreaterThan(second)
    expect(leases.renew(wish('a'), first, 1001)).toEqual(LOST)
  })

  it('W12 fencing numbers grow over restarts, by the clock or by the floor that is handed on', () => {
    const before = new Leases()
    const number = granted(before.acquire(wish('a'), 5_000))
    expect(granted(new Leases().acquire(wish('a'), 6_000))).toBeGreaterThan(number)
    expect(granted(new Leases(before.floor).acquire(wish('a'), 10))).toBeGreaterThan(number)
  })

  it('W12 a lease is kept by renewing, with its own number and by its own holder only', () => {
    const leases = new Leases()
    const fencing = granted(leases.acquire(wish('a'), 1000))
    expect(granted(leases.renew(wish('a'), fencing, 9000))).toBe(fencing)
    expect(leases.renew(wish('b'), fencing, 9000)).toEqual(LOST)
    expect(leases.renew(wish('a'), fencing + 1, 9000)).toEqual(LOST)
    expect(leases.find('doc', 'turn', 18_999)?.holder).toBe('a')
    expect(leases.renew(wish('a'), fencing, 19_000)).toEqual(LOST)
  })

  it('W12 a number from before changes nothing', () => {
    const leases = new Leases()
    const old = granted(leases.acquire(wish('a'), 1000))
    granted(leases.acquire(wish('b'), 20_000))
    expect(leases.release(wish('a'), old, 20_001)).toEqual(LOST)
    expect(leases.renew(wish('a'), old, 20_001)).toEqual(LOST)
    expect(leases.find('doc', 'turn', 20_001)?.holder).toBe('b')
  })

  it('W12 a released lease is free at once', () => {
    const leases = new Leases()
    const fencing = granted(leases.acquire(wish('a'), 1000))
    granted(leases.release(wish('a'), fencing, 2000))
    granted(leases.acquire(wish('b'), 2000))
    expect(leases.release(wish('a'), fencing, 2000)).toEqual(LOST)
  })

  it('W12 whoever has gone keeps the lease for a moment, and longer if it comes back in time', () => {
    const leases = new Leases()
    const fencing = granted(leases.acquire(wish('a'), 1000))
    leases.left('a', 2000, 3000)
    expect(leases.nextExpiry()).toBe(5000)
    granted(leases.renew(wish('a'), fencing, 4000))
    expect(leases.expire(5000)).toEqual([])
    leases.left('a', 6000, 3000)
    expect(leases.expire(9000).map((lease) => lease.holder)).toEqual(['a'])
    expect(leases.size).toBe(0)
    expect(leases.nextExpiry()).toBeNull()
  })

  it('W12 the time it is wanted for is brought within bounds', () => {
    const leases = new Leases()
    leases.acquire({ ...wish('a'), ttl: 0 }, 0)
    leases.acquire({ ...wish('a', 'other'), ttl: 1e12 }, 0)
    expect(leases.of('doc', 0).map((lease) => lease.expires)).toEqual([LEASE_TTL.min, LEASE_TTL.max])
  })

  it('W9 a purged document has no leases', () => {
    const leases = new Leases()
    leases.acquire(wish('a'), 0)
    leases.acquire(wish('a', 'turn', 'other'), 0)
    leases.purge('doc')
    expect(leases.of('doc', 0)).toEqual([])
    expect(leases.of('other', 0)).toHaveLength(1)
  })
})
