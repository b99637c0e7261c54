import { describe, expect, test } from 'vitest'
import { createTokenMemory, readFragment, readPasted, relayUrl } from '../src/connection/address.ts'

describe('readFragment', () => {
  test('takes token and space and leaves the route', () => {
    expect(readFragment('#token=a.b-c_d&space=team')).toEqual({ token: 'a.b-c_d', space: 'team', rest: '' })
    expect(readFragment('#token=a/b+c%2Fd&to=/c/123')).toEqual({ token: 'a/b+c/d', space: null, rest: '#/c/123' })
    expect(readFragment('#token=100%')).toEqual({ token: '100%', space: null, rest: '' })
  })
  test('leaves a route alone, also one that has the word token in it', () => {
    expect(readFragment('#/c/token=x')).toEqual({ token: null, space: null, rest: '#/c/token=x' })
    expect(readFragment('')).toEqual({ token: null, space: null, rest: '' })
  })
})

describe('readPasted', () => {
  test('understands the printed address, its fragment and a token alone', () => {
    expect(readPasted(' http://127.0.0.1:4321/#token=abcdefgh ')).toEqual({ token: 'abcdefgh' })
    expect(readPasted('#token=abcdefgh')).toEqual({ token: 'abcdefgh' })
    expect(readPasted('ey.abc-def_ghi.jkl')).toEqual({ token: 'ey.abc-def_ghi.jkl' })
  })
  test('refuses what holds no token', () => {
    for (const text of ['', 'short', 'two words here', 'http://127.0.0.1:4321/', 'http://']) {
      expect(readPasted(text)).toBeNull()
    }
  })
})

test('the relay is the page’s own origin unless the address names another', () => {
  expect(relayUrl({ origin: 'http://a:1', search: '' })).toBe('http://a:1')
  expect(relayUrl({ origin: 'http://a:1', search: '?relay=http://b:2/x' })).toBe('http://b:2')
  expect(relayUrl({ origin: 'http://a:1', search: '?relay=nonsense' })).toBe('http://a:1')
})

test('a blocked localStorage is remembered for as long as the page lives', () => {
  const memory = createTokenMemory(() => {
    throw new DOMException('blocked', 'SecurityError')
  })
  memory.keepToken('http://a', 'default', 'secret')
  expect(memory.token('http://a', 'default')).toBe('secret')
  expect(memory.token('http://a', 'other')).toBeNull()
})

test('a token that another window kept is this window’s too; that of another space, or one that was removed, is not', () => {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  }
  const [here, there] = [0, 1].map(() => createTokenMemory(() => storage as unknown as Storage))
  there!.keepToken('http://r', 'team', 'fresh-token')
  const [[key, newValue]] = [...kept] as [[string, string]]
  expect(here!.arrived({ key, newValue }, 'http://r', 'team')).toBe('fresh-token')
  expect(here!.arrived({ key, newValue }, 'http://r', 'default')).toBeNull()
  expect(here!.arrived({ key, newValue: null }, 'http://r', 'team')).toBeNull()
  expect(here!.arrived({ key: null, newValue: null }, 'http://r', 'team')).toBeNull()
})
