import { describe, expect, it } from 'vitest'
import {
  CLOSE,
  type Decision,
  openPeer,
  type PeerEvent,
  type PeerState,
  type PeerStep,
  stepPeer,
} from '../src/index.ts'

const UPDATE = Uint8Array.of(9)
const GOOD = Uint8Array.of(8)
const STORE: Decision = { kind: 'store', update: UPDATE }
const GAP: Decision = { kind: 'gap', good: GOOD, missing: [{ client: 1, clock: 0 }] }
const LOADED: PeerEvent = { kind: 'loaded' }
const frame = (kind: 'update' | 'step2'): PeerEvent => ({ kind: 'frame', frame: { kind, update: UPDATE } })
const step1: PeerEvent = { kind: 'frame', frame: { kind: 'step1', stateVector: Uint8Array.of(0) } }
const judged = (source: 'update' | 'step2', decision: Decision): PeerEvent => ({ kind: 'judged', source, decision })

/** Runs events one after the other; returns the last step. */
function run(state: PeerState, ...events: PeerEvent[]): PeerStep {
  let step: PeerStep = { state, effects: [] }
  for (const event of events) step = stepPeer(step.state, event)
  return step
}

const kinds = ({ effects }: PeerStep): string[] => effects.map((effect) => effect.kind)
const writer = run(openPeer(true), LOADED).state
const reader = run(openPeer(false), LOADED).state

describe('one stock connection', () => {
  it('W3 nothing is answered before the log has loaded; what came is then taken in order', () => {
    const waiting = run(openPeer(true), step1, frame('update'), step1)
    expect(waiting.effects).toEqual([])
    expect(kinds(stepPeer(waiting.state, LOADED))).toEqual(['ask', 'introduce', 'answer', 'judge', 'answer'])
  })

  it('W3 a load that failed refuses, to be tried again', () => {
    const step = run(openPeer(true), frame('update'), { kind: 'load-failed' })
    expect(step.effects).toEqual([{ kind: 'close', code: CLOSE.LOAD_FAILED, reason: expect.any(String) }])
    expect(run(step.state, frame('update'), LOADED).effects).toEqual([])
  })

  it('W1 a step 1 is answered behind what was stored before it', () => {
    expect(run(writer, judged('update', STORE)).effects).toEqual([{ kind: 'store', update: UPDATE }])
    expect(kinds(run(writer, step1))).toEqual(['answer'])
  })

  it('W4 a reader is judged without taking, and told of what would have changed something', () => {
    for (const source of ['update', 'step2'] as const) {
      expect(run(reader, frame(source)).effects).toMatchObject([{ kind: 'judge', take: false }])
      expect(kinds(run(reader, judged(source, STORE)))).toEqual(['deny'])
      expect(kinds(run(reader, judged(source, GAP)))).toEqual(['deny'])
      expect(kinds(run(reader, judged(source, { kind: 'nothing-new' })))).toEqual([])
    }
    expect(run(writer, frame('update')).effects).toMatchObject([{ kind: 'judge', take: true }])
  })

  it('W5 a gap is asked about once; of the answer the good part is stored and the rest dropped', () => {
    const asked = run(writer, judged('update', GAP))
    expect(kinds(asked)).toEqual(['ask', 'note-gap'])
    const answered = stepPeer(asked.state, judged('step2', GAP))
    expect(answered.effects).toEqual([
      { kind: 'store-good', update: GOOD },
      { kind: 'note-gap', kept: true },
    ])
    expect(answered.state).toEqual(writer)
  })

  it('W5 while the answer is due other gaps are not asked about', () => {
    const asked = run(writer, judged('update', GAP)).state
    const more = run(asked, judged('update', GAP))
    expect(kinds(more)).toEqual(['store-good', 'note-gap'])
    expect(more.state).toEqual(asked)
    expect(kinds(run(asked, judged('update', { ...GAP, good: null } as Decision)))).toEqual(['note-gap'])
  })

  it('W5 a complete answer ends the matter, and the next gap is asked about again', () => {
    const healed = run(writer, judged('update', GAP), judged('step2', STORE))
    expect(kinds(healed)).toEqual(['store'])
    expect(kinds(run(healed.state, judged('update', GAP)))).toEqual(['ask', 'note-gap'])
  })

  it('W5 a peer that answers every question with a gap is not asked for ever', () => {
    let state = writer
    let asked = 0
    for (let i = 0; i < 100; i++) {
      const step = stepPeer(state, judged('step2', GAP))
      state = step.state
      if (!kinds(step).includes('ask')) break
      asked += 1
    }
    expect(asked).toBe(1)
  })

  it.each<[string, PeerEvent, number]>([
    ['garbage', { kind: 'frame', frame: { kind: 'garbage', reason: 'x' } }, CLOSE.BAD_FRAME],
    ['an update that is none', judged('update', { kind: 'garbage', reason: 'x' }), CLOSE.BAD_FRAME],
    ['awareness that is none', { kind: 'awareness-garbage' }, CLOSE.BAD_FRAME],
    ['a text frame', { kind: 'text-frame' }, CLOSE.TEXT_FRAME],
    ['a message that is too big', { kind: 'too-big' }, CLOSE.TOO_BIG],
  ])('W6 %s closes for good, and nothing after it is looked at', (_name, event, code) => {
    for (const state of [writer, reader]) {
      const step = stepPeer(state, event)
      expect(step.effects).toEqual([{ kind: 'close', code, reason: expect.any(String) }])
      expect(run(step.state, frame('update'), step1, judged('update', STORE)).effects).toEqual([])
    }
  })

  it('W6 garbage is not waited with until the log has loaded', () => {
    const step = run(openPeer(true), { kind: 'frame', frame: { kind: 'garbage', reason: 'x' } })
    expect(kinds(step)).toEqual(['close'])
  })

  it.each<[PeerEvent, number]>([
    [{ kind: 'append-failed' }, CLOSE.STORAGE_FAILED],
    [{ kind: 'purged' }, CLOSE.PURGED],
    [{ kind: 'expired' }, CLOSE.TOKEN_EXPIRED],
    [{ kind: 'forbidden' }, CLOSE.FORBIDDEN],
    [{ kind: 'stalled' }, CLOSE.STALLED],
    [{ kind: 'shutting-down' }, CLOSE.SHUTTING_DOWN],
  ])('W8 $kind closes with its code, whether loading or open', (event, code) => {
    for (const state of [openPeer(true), writer]) {
      expect(stepPeer(state, event).effects).toEqual([{ kind: 'close', code, reason: expect.any(String) }])
    }
  })

  it('W8 a socket that has gone is told nothing', () => {
    const gone = run(writer, { kind: 'gone' })
    expect(gone.effects).toEqual([])
    expect(run(gone.state, step1, { kind: 'expired' }).effects).toEqual([])
  })

  it('a question about awareness is answered, an auth message changes nothing', () => {
    expect(kinds(run(writer, { kind: 'frame', frame: { kind: 'queryAwareness' } }))).toEqual(['introduce'])
    expect(run(writer, { kind: 'frame', frame: { kind: 'auth', reason: 'x' } })).toEqual({ state: writer, effects: [] })
  })
})
