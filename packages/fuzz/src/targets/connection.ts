import { DEFAULT_SYNC_LIMITS, encodeClientFrame, SyncConnection, type SyncConnectionEffect } from '@holdfast/protocol'
import { mustBe, type Sight, type Target } from '../target.ts'

const HELLO = encodeClientFrame({
  kind: 'hello',
  minVersion: 1,
  maxVersion: 1,
  client: 'w1',
  agent: 'fuzz',
  token: 't',
  incarnation: 'inc',
  cursor: 10,
})

const OPEN = encodeClientFrame({
  kind: 'open',
  channel: 1,
  document: 'doc',
  epoch: 'e',
  seq: 0,
  mode: 'watch',
  stateVector: Uint8Array.of(0),
})

/** Y1: a whole connection that was greeted and has a channel open, and then is told this, three times over. */
export const connection: Target = {
  name: 'a connection',
  kind: 'client-frames',
  run(bytes) {
    const relay = new SyncConnection({ limits: DEFAULT_SYNC_LIMITS, waitingBytes: 1024 })
    const seen: string[] = []
    let closed = false
    const take = (effects: readonly SyncConnectionEffect[]): void => {
      for (const effect of effects) {
        mustBe(!closed || effect.kind !== 'close', 'Y1 a connection is closed once')
        if (effect.kind === 'close') {
          closed = true
          mustBe(
            effect.reason !== '' && effect.code >= 1000 && effect.code < 5000,
            'W6 a close has a code and says why',
          )
        }
        if (effect.kind === 'open') {
          const { opening } = effect
          const stateVector = Uint8Array.of(0)
          const event = { kind: 'loaded', epoch: 'e', seq: 5, stateVector, role: 'write' } as const
          take(relay.handle({ kind: 'channel', opening, event }))
        }
        if (effect.kind === 'channel' && effect.effect.kind === 'judge') {
          const event = { kind: 'judged', source: effect.effect.source, decision: { kind: 'nothing-new' } } as const
          take(relay.handle({ kind: 'channel', opening: effect.opening, event }))
        }
        seen.push(effect.kind === 'channel' ? effect.effect.kind : effect.kind)
      }
    }
    take(relay.begin())
    for (const message of [HELLO, OPEN]) take(relay.handle({ kind: 'bytes', bytes: message, now: 0 }))
    const welcome = {
      kind: 'verified',
      role: 'write',
      expiresIn: 0,
      incarnation: 'inc',
      head: 10,
      follows: true,
    } as const
    take(relay.handle(welcome))
    for (let i = 0; i < 3; i++) take(relay.handle({ kind: 'bytes', bytes, now: i }))
    relay.next(1e6)
    take(relay.handle({ kind: 'gone' }))
    const sight: Sight = { verdict: closed ? 'garbage' : 'good', seen: [...new Set(seen)].join(' ') }
    return sight
  },
}
