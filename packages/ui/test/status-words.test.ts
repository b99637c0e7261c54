import type { ConversationStatus, StoreStatus } from '@holdfast/store'
import { describe, expect, test } from 'vitest'
import { fileRefusalWords, isGone, refusalWords, spaceRefusal } from '../src/status/refusal-words.ts'
import { deviceText, lineText, relayText } from '../src/status/status-words.ts'

const connected: StoreStatus = {
  relay: 'connected',
  wire: { kind: 'sync', version: 2 },
  waiting: 0,
  storage: 'granted',
}
const refused = (code: string, message = 'for a test'): ConversationStatus => ({
  kind: 'saved',
  relay: 'refused',
  reason: { code, message },
})
const synced: ConversationStatus = { kind: 'saved', relay: 'synced' }

describe('the line', () => {
  const cases: readonly [string, ConversationStatus, StoreStatus, string][] = [
    ['no relay', { kind: 'saved', relay: 'none' }, { ...connected, relay: 'none' }, 'Saved on this device'],
    ['all on the relay’s disk', synced, connected, 'Saved on this device · Synced'],
    [
      'all sent over the stock wire',
      { kind: 'saved', relay: 'sent' },
      { ...connected, wire: { kind: 'stock' } },
      'Saved on this device · Sent to relay',
    ],
    [
      'a token revoked',
      refused('TOKEN_REFUSED'),
      { ...connected, relay: 'refused', waiting: 2 },
      'Saved on this device · Relay asks for another token · 2 waiting',
    ],
    ['a full space', refused('SPACE_FULL'), connected, 'Saved on this device · Not sent: the space is full'],
    [
      'a document that is full',
      refused('DOCUMENT_FULL'),
      connected,
      'Saved on this device · Not sent: the conversation is too large',
    ],
    ['too costly', refused('TOO_COSTLY'), connected, 'Saved on this device · Not sent: too costly for the relay'],
    ['a reader', refused('READ_ONLY'), connected, 'Saved on this device · Not sent: the token only reads'],
    [
      'a page too old',
      refused('CLIENT_TOO_OLD'),
      { ...connected, relay: 'refused' },
      'Saved on this device · Page too old for the relay',
    ],
    [
      'a relay too old',
      { kind: 'saved', relay: 'offline' },
      { ...connected, relay: 'offline', reason: { code: 'RELAY_TOO_OLD', message: 'older' } },
      'Saved on this device · Offline: relay too old',
    ],
    [
      'a picture not taken',
      synced,
      { ...connected, uploads: 1, uploadsRefused: { code: 'SPACE_FULL', message: 'full' } },
      'Saved on this device · Synced · 1 picture not sent',
    ],
    ['a code of tomorrow', refused('UNKNOWN_599'), connected, 'Saved on this device · Relay refused'],
    ['gone', refused('EPOCH_PURGED'), connected, 'Saved on this device · Deleted for ever elsewhere'],
  ]
  for (const [name, status, space, text] of cases) {
    test(`says of ${name}: ${text}`, () => expect(lineText(status, space, false)).toBe(text))
  }

  test('says also while an answer streams that the relay does not take it', () => {
    const full: StoreStatus = { ...connected, waiting: 1, notTaken: { code: 'SPACE_FULL', message: 'full' } }
    expect(lineText({ kind: 'saving' }, full, true)).toBe(
      'Saved on this device as it arrives · Not sent: the space is full',
    )
    expect(lineText({ kind: 'saving' }, { ...connected, relay: 'offline' }, false)).toBe('Saving · Offline')
  })
})

describe('the card', () => {
  test('says on whose disk it is only over the wire that can tell', () => {
    expect(relayText(synced, connected)).toBe('It has everything of this on its disk.')
    expect(relayText({ kind: 'saved', relay: 'sent' }, { ...connected, wire: { kind: 'stock' } })).toContain(
      'does not say what is on its disk',
    )
  })

  test('says what was refused, what becomes of it, and what to do', () => {
    expect(relayText(refused('SPACE_FULL'), { ...connected, waiting: 1 })).toBe(
      'The space has no room left on the relay. What you write stays saved on this device, and is sent by itself once there is room: empty the trash, or ask whoever runs the relay for more. 1 conversation waits to be sent.',
    )
    const revoked: StoreStatus = {
      ...connected,
      relay: 'refused',
      reason: { code: 'TOKEN_REFUSED', message: 'the relay does not accept the token; ask for another' },
      waiting: 1,
      uploads: 1,
    }
    expect(relayText(refused('TOKEN_REFUSED'), revoked)).toMatch(
      /^The relay does not accept this page’s token\. .*once you paste another\. 1 conversation and 1 file wait to be sent\.$/,
    )
  })

  test('says once that the relay cannot be reached, and what it answered when it did', () => {
    const away = (code: string, message: string): string =>
      relayText(
        { kind: 'saved', relay: 'offline' },
        { ...connected, relay: 'offline', waiting: 1, reason: { code, message } },
      )
    expect(away('UNREACHABLE', 'the relay cannot be reached')).toBe(
      'Not reachable, retrying. 1 conversation waits to be sent when it is back.',
    )
    expect(away('RELAY_FAILED', 'the relay answered 502')).toContain('The relay answered 502.')
    expect(away('RELAY_TOO_OLD', 'older')).toMatch(
      /^The relay is older than this page\. Whoever runs it has to upgrade it/,
    )
  })

  test('says that what is not written stays on the page', () => {
    const reason = { code: 'QUOTA', message: 'there is no space left' } as const
    expect(deviceText({ kind: 'not-saved', since: 1, reason }, connected, false)).toBe(
      'Not written: there is no space left. The text stays on this page until it is.',
    )
  })
})

describe('what a banner is for', () => {
  const space = (relay: StoreStatus['relay'], code: string): StoreStatus => ({
    ...connected,
    relay,
    reason: { code, message: 'for a test' },
  })
  const notTaken = (code: string): StoreStatus => ({ ...connected, waiting: 1, notTaken: { code, message: 'x' } })

  test('the whole space: a token, a version, no room; not a relay that is away, and not one conversation', () => {
    expect(spaceRefusal(space('refused', 'TOKEN_REFUSED'))?.code).toBe('TOKEN_REFUSED')
    expect(spaceRefusal(space('offline', 'RELAY_TOO_OLD'))?.code).toBe('RELAY_TOO_OLD')
    expect(spaceRefusal(space('offline', 'UNREACHABLE'))).toBeNull()
    expect(spaceRefusal(notTaken('SPACE_FULL'))?.code).toBe('SPACE_FULL')
    expect(spaceRefusal(notTaken('READ_ONLY'))?.code).toBe('READ_ONLY')
    expect(spaceRefusal(notTaken('TOO_COSTLY'))).toBeNull()
    expect(spaceRefusal(connected)).toBeNull()
  })

  test('each known refusal says what becomes of the text, and offers what helps', () => {
    const remedies = {
      TOKEN_REFUSED: 'token',
      FORBIDDEN: 'token',
      UNKNOWN_SPACE: 'token',
      READ_ONLY: 'token',
      CLIENT_TOO_OLD: 'reload',
      RELAY_TOO_OLD: 'retry',
      SPACE_FULL: 'retry',
      STORAGE_FULL: 'retry',
      STORAGE_FAILED: 'retry',
      DOCUMENT_FULL: 'new',
      TOO_COSTLY: 'new',
      TOO_LARGE: 'aside',
      GAP: 'aside',
      BAD_UPDATE: 'aside',
      DAMAGED: 'retry',
    }
    for (const [code, remedy] of Object.entries(remedies)) {
      const words = refusalWords({ code, message: 'x' })
      expect(words.remedy, code).toBe(remedy)
      expect(words.advice, code).toMatch(/saved on this device/)
    }
    for (const code of ['EPOCH_PURGED', 'EPOCH_OTHER', 'PURGED']) expect(isGone({ code, message: 'x' })).toBe(true)
  })

  test('one of a newer relay is said in the relay’s own words', () => {
    const { advice } = refusalWords({ code: 'UNKNOWN_599', message: 'the relay sleeps on sundays' })
    expect(advice).toBe('The relay sleeps on sundays. Everything stays saved on this device.')
  })

  test('pictures that the relay does not take: how many, why, and what helps; none when none waits', () => {
    const files = (uploads: number, code: string, message = 'x') =>
      fileRefusalWords({ ...connected, uploads, uploadsRefused: { code, message } })
    expect(files(1, 'SPACE_FULL')?.title).toBe(
      'A picture is on this device only: the space has no room left on the relay',
    )
    expect(files(2, 'BLOB_TOO_LARGE')).toEqual({
      title: '2 pictures are on this device only: larger than the relay takes',
      advice: 'Your other devices cannot show them yet. Send a smaller one if others are to see it.',
    })
    expect(files(1, 'BLOB_BAD_WEATHER', 'rain')?.advice).toBe('Your other devices cannot show it yet. Rain.')
    expect(files(0, 'SPACE_FULL')).toBeNull()
    expect(fileRefusalWords(connected)).toBeNull()
  })
})
