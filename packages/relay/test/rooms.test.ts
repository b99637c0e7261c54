import {
  CLOSE,
  decodeStockFrame,
  encodeAwareness,
  encodeAwarenessFrame,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
} from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { HeldLog, house, REF, STEP1, textOf, writerDoc } from './fakes.ts'

const utf8 = new TextEncoder()

describe('rooms', () => {
  it('W3 one load serves all who come while it lasts, and answers only when it is done', async () => {
    const held = new HeldLog()
    const { doc } = writerDoc()
    doc.getText('text').insert(0, 'stored')
    await held.log.append(REF, Y.encodeStateAsUpdate(doc))
    held.holdLoads = true
    const { connect } = house({}, held)
    const first = connect()
    const second = connect()
    first.peer.message(STEP1)
    second.peer.message(STEP1)
    await held.held(held.loads)
    expect([first.wire.sent, second.wire.sent]).toEqual([[], []])
    expect([first.wire.paused, second.wire.paused]).toEqual([true, true])
    held.loads[0]!.open()
    await Promise.all([first.wire.answered(), second.wire.answered()])
    expect(held.loadCount).toBe(1)
    expect(textOf(first.wire.step2s())).toBe('stored')
    expect(textOf(second.wire.step2s())).toBe('stored')
    expect(first.wire.paused).toBe(false)
  })

  it('W3 a load that failed refuses everybody to be tried again, writes nothing, and the next who comes gets a new one', async () => {
    const { connect, held, rooms, events } = house()
    held.holdLoads = true
    const first = connect()
    first.peer.message(writeOne('lost?').frames[0]!)
    await held.held(held.loads)
    held.loads[0]!.fail(new Error('rot'))
    await first.wire.until(() => first.wire.closedWith !== null)
    expect(first.wire.closedWith).toBe(CLOSE.LOAD_FAILED)
    expect(rooms.size).toBe(0)
    expect(held.appendCount).toBe(0)
    expect(events).toContainEqual({ event: 'load-failed', ...REF, error: 'rot' })
    held.holdLoads = false
    const second = connect()
    second.peer.message(STEP1)
    await second.wire.answered()
  })

  it('W3, W9 a load that fails behind a purge is nobody’s any more: the relay goes on', async () => {
    const { connect, held, rooms } = house()
    const { doc } = writerDoc()
    doc.getText('text').insert(0, 'stored')
    await held.log.append(REF, Y.encodeStateAsUpdate(doc))
    held.holdLoads = true
    const { peer, wire } = connect()
    peer.message(STEP1)
    await held.held(held.loads)
    await held.log.purge(REF)
    await wire.until(() => wire.closedWith !== null)
    expect(wire.closedWith).toBe(CLOSE.PURGED)
    // Nobody handles what this rejects with but the room: unhandled, it would end the relay, and this run.
    held.loads[0]!.fail(new Error('the disk failed'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(rooms.size).toBe(0)
  })

  it('W3 one who leaves while it loads leaves nothing behind; what it sent is not taken', async () => {
    const { connect, held, rooms, clock } = house({ idleAfter: 100 })
    held.holdLoads = true
    const { peer, wire } = connect()
    peer.message(writeOne('x').frames[0]!)
    await held.held(held.loads)
    peer.closed(1006)
    held.loads[0]!.open()
    const other = connect()
    other.peer.message(STEP1)
    await other.wire.answered()
    expect(textOf(other.wire.step2s())).toBe('')
    expect(wire.sent).toEqual([])
    other.peer.closed(1000)
    clock.pass(100)
    expect(rooms.size).toBe(0)
  })

  it('W2 others are shown an update when it is written, not before', async () => {
    const { connect, held } = house()
    const [a, b] = [connect(), connect()]
    a.peer.message(STEP1)
    b.peer.message(STEP1)
    await Promise.all([a.wire.answered(), b.wire.answered()])
    held.holdAppends = true
    const { frames } = writeOne('hello')
    a.peer.message(frames[0]!)
    await held.held(held.appends)
    expect(b.wire.updates()).toEqual([])
    held.appends[0]!.open()
    await b.wire.until(() => b.wire.updates().length === 1)
    expect(b.wire.updates()).toEqual(frames)
    expect(a.wire.updates()).toEqual([])
  })

  it('W1 a step 1 is answered when everything that was sent before it is durable', async () => {
    const { connect, held } = house()
    const { peer, wire } = connect()
    peer.message(STEP1)
    await wire.answered()
    held.holdAppends = true
    peer.message(writeOne('hello').frames[0]!)
    peer.message(STEP1)
    await held.held(held.appends)
    expect(wire.step2s().length).toBe(1)
    held.appends[0]!.open()
    await wire.answered(2)
    expect(textOf(wire.step2s().slice(1))).toBe('hello')
  })

  it('W2 a write that fails: nobody is shown it, nobody is answered, all are told to try again', async () => {
    const { connect, held, rooms } = house()
    const [a, b] = [connect(), connect()]
    b.peer.message(STEP1)
    await b.wire.answered()
    held.holdAppends = true
    a.peer.message(writeOne('hello').frames[0]!)
    a.peer.message(STEP1)
    await held.held(held.appends)
    held.appends[0]!.fail(new Error('disk full'))
    await b.wire.until(() => b.wire.closedWith !== null)
    expect([a.wire.closedWith, b.wire.closedWith]).toEqual([CLOSE.STORAGE_FAILED, CLOSE.STORAGE_FAILED])
    expect(b.wire.updates()).toEqual([])
    expect(a.wire.step2s()).toEqual([])
    expect(rooms.size).toBe(0)
    held.holdAppends = false
    const c = connect()
    c.peer.message(STEP1)
    await c.wire.answered()
    expect(textOf(c.wire.step2s())).toBe('')
  })

  it('W9 a purged document refuses for good: those who are there and those who come, and nothing is written', async () => {
    const { connect, held, rooms } = house()
    const { doc, frames } = writeOne('secret')
    const first = connect()
    first.peer.message(frames[0]!)
    first.peer.message(STEP1)
    await first.wire.answered()
    await held.log.purge(REF)
    expect(first.wire.closedWith).toBe(CLOSE.PURGED)
    expect(rooms.size).toBe(0)
    const second = connect()
    second.peer.message(encodeStep2(Y.encodeStateAsUpdate(doc)))
    await second.wire.until(() => second.wire.closedWith !== null)
    expect(second.wire.closedWith).toBe(CLOSE.PURGED)
    expect([rooms.size, held.appendCount]).toEqual([0, 1])
  })

  it('W2 what arrives while a write is under way is written together and shown together', async () => {
    const { connect, held } = house()
    const [a, b] = [connect(), connect()]
    b.peer.message(STEP1)
    await b.wire.answered()
    held.holdAppends = true
    const { doc, frames } = writerDoc()
    for (let i = 0; i < 50; i++) doc.getText('text').insert(i, 'x')
    a.peer.message(frames[0]!)
    await held.held(held.appends)
    for (const frame of frames.slice(1)) a.peer.message(frame)
    held.appends[0]!.open()
    await held.held(held.appends, 2)
    held.appends[1]!.open()
    await b.wire.until(() => b.wire.updates().length === 2)
    expect(textOf(b.wire.updates())).toBe('x'.repeat(50))
    expect(held.appendCount).toBe(2)
  })

  it('W2 one who leaves at once after writing has still written', async () => {
    const { connect, held, clock, rooms } = house({ idleAfter: 10 })
    const first = connect()
    first.peer.message(STEP1)
    await first.wire.answered()
    held.holdAppends = true
    first.peer.message(writeOne('hello').frames[0]!)
    first.peer.closed(1006)
    clock.pass(1_000)
    expect(rooms.size).toBe(1)
    await held.held(held.appends)
    const second = connect()
    second.peer.message(STEP1)
    held.appends[0]!.open()
    await second.wire.answered()
    expect(textOf(second.wire.step2s())).toBe('hello')
  })

  it('a room is let go when nobody came back, kept when somebody did, and read anew after', async () => {
    const { connect, rooms, clock, held, events } = house({ idleAfter: 100 })
    const first = connect()
    first.peer.message(STEP1)
    await first.wire.answered()
    first.peer.closed(1000)
    clock.pass(99)
    const second = connect()
    clock.pass(1_000)
    expect([rooms.size, held.loadCount]).toEqual([1, 1])
    second.peer.closed(1000)
    clock.pass(100)
    expect(rooms.size).toBe(0)
    expect(events.at(-1)).toEqual({ event: 'room-unloaded', ...REF })
    const third = connect()
    third.peer.message(STEP1)
    await third.wire.answered()
    expect(held.loadCount).toBe(2)
  })

  it('the state for joiners is read once, kept a short while, and is never behind', async () => {
    const { connect, clock, held } = house({ stateKeptFor: 1_000 })
    // Two, because for one alone nothing is kept.
    const [a, b] = [connect(), connect()]
    for (const { peer, wire } of [a, b]) {
      peer.message(STEP1)
      await wire.answered()
    }
    const { doc, frames } = writerDoc()
    for (let i = 0; i < 4; i++) {
      doc.getText('text').insert(i, `${i}`)
      a.peer.message(frames[i]!)
      if (i === 1) clock.pass(5_000)
      const joiner = connect()
      joiner.peer.message(STEP1)
      await joiner.wire.answered()
      expect(textOf(joiner.wire.step2s())).toBe('0123'.slice(0, i + 1))
    }
    expect(held.loadCount).toBe(2)
  })

  it('nothing is kept for one who is alone and has been answered', async () => {
    const { connect, held } = house()
    const alone = connect()
    alone.peer.message(writeOne('something').frames[0]!)
    alone.peer.message(STEP1)
    await alone.wire.answered()
    const joiner = connect()
    joiner.peer.message(STEP1)
    await joiner.wire.answered()
    expect(held.loadCount).toBe(2)
  })

  it('one who has everything is told so, and of every deletion, without anything being read', async () => {
    const { connect, held } = house()
    const a = connect()
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'kept and gone')
    doc.getText('text').delete(4, 9)
    for (const frame of frames) a.peer.message(frame)
    a.peer.message(STEP1)
    await a.wire.answered()
    const back = connect()
    back.peer.message(encodeStep1(Y.encodeStateVector(doc)))
    await back.wire.answered()
    const told = decodeStockFrame(back.wire.step2s()[0]!)
    if (told.kind !== 'step2') throw new Error(told.kind)
    const { ds } = Y.decodeUpdate(Y.encodeStateAsUpdate(doc))
    expect(ds.clients.size).toBe(1)
    expect(Y.decodeUpdate(told.update)).toEqual({ structs: [], ds })
    expect(held.loadCount).toBe(1)
  })

  it('what becomes durable while the state is read is not missed', async () => {
    const { connect, clock, held } = house({ stateKeptFor: 1_000 })
    const a = connect()
    a.peer.message(writeOne('early').frames[0]!)
    a.peer.message(STEP1)
    await a.wire.answered()
    clock.pass(5_000)
    held.holdLoads = true
    const joiners = [connect(), connect()]
    joiners[0]!.peer.message(STEP1)
    await held.held(held.loads)
    a.peer.message(writeOne('late').frames[0]!)
    joiners[1]!.peer.message(STEP1)
    await joiners[0]!.wire.until(() => joiners[0]!.wire.updates().length === 1)
    held.loads[0]!.open()
    for (const { wire } of joiners) {
      await wire.answered()
      expect(textOf(wire.step2s())).toContain('early')
      expect(textOf(wire.step2s())).toContain('late')
    }
    expect(held.loadCount).toBe(2)
  })

  it('records that came while a document was compacted are counted, so that they are compacted too', async () => {
    const { connect, rooms } = house()
    const a = connect()
    const b = connect()
    for (const { peer, wire } of [a, b]) {
      peer.message(STEP1)
      await wire.answered()
    }
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'one')
    doc.getText('text').insert(3, 'two')
    for (const frame of frames) {
      const before = b.wire.updates().length
      a.peer.message(frame)
      await b.wire.until(() => b.wire.updates().length > before)
    }
    const room = rooms.find(REF)!
    const { tailBytes } = room.stats
    // Two bytes of header and one of length before it.
    const firstBytes = frames[0]!.length - 3
    expect(room.stats.tailUpdates).toBe(2)
    room.compacted({ outcome: 'compacted', through: 1, bytesBefore: firstBytes, bytesAfter: 7 })
    expect(room.stats).toEqual({ snapshotBytes: 7, tailUpdates: 1, tailBytes: tailBytes - firstBytes })
    room.compacted({ outcome: 'superseded', through: 2, bytesBefore: 9, bytesAfter: 9 })
    expect(room.stats.tailUpdates).toBe(1)
    room.compacted({ outcome: 'compacted', through: 2, bytesBefore: 99, bytesAfter: 8 })
    expect(room.stats).toEqual({ snapshotBytes: 8, tailUpdates: 0, tailBytes: 0 })
  })

  it('a document that gathered much is compacted when its room is let go', async () => {
    const { connect, clock, events, held } = house({ idleAfter: 10 })
    const a = connect()
    const { doc, frames } = writerDoc()
    for (let i = 0; i < 100; i++) {
      doc.getText('text').insert(i, 'x')
      a.peer.message(frames[i]!)
      a.peer.message(STEP1)
      await a.wire.answered(i + 1)
    }
    const compacted = new Promise<void>((resolve) => {
      const compact = held.log.compact
      held.log.compact = async (ref) => {
        const result = await compact(ref)
        queueMicrotask(() => queueMicrotask(resolve))
        return result
      }
    })
    a.peer.closed(1000)
    clock.pass(10)
    await compacted
    expect(events.at(-1)).toEqual({ event: 'compacted', ...REF, outcome: 'compacted' })
    const b = connect()
    b.peer.message(STEP1)
    await b.wire.answered()
    expect(textOf(b.wire.step2s())).toBe('x'.repeat(100))
  })
})

describe('peers', () => {
  it('W4 a reader is told of an edit and not of what is known; nothing is stored', async () => {
    const { connect, held } = house()
    const { doc, frames } = writeOne('known')
    const writer = connect()
    writer.peer.message(frames[0]!)
    writer.peer.message(STEP1)
    await writer.wire.answered()
    const reader = connect({ mayWrite: false })
    reader.peer.message(encodeStep2(Y.encodeStateAsUpdate(doc)))
    expect(reader.wire.of(2)).toEqual([])
    doc.getText('text').insert(0, 'news ')
    reader.peer.message(frames[1]!)
    reader.peer.message(encodeStep2(Y.encodeStateAsUpdate(doc)))
    expect(reader.wire.of(2, 0).length).toBe(2)
    expect(held.appendCount).toBe(1)
    expect(reader.wire.closedWith).toBe(null)
  })

  it('W5 an update with a gap is asked about once, and the answer heals it', async () => {
    const { connect, events } = house()
    const { doc, frames } = writeOne('a')
    doc.getText('text').insert(1, 'b')
    const { peer, wire } = connect()
    peer.message(STEP1)
    await wire.answered()
    expect(wire.of(0, 0).length).toBe(1)
    peer.message(frames[1]!)
    expect(wire.of(0, 0).length).toBe(2)
    peer.message(encodeStep2(Y.encodeStateAsUpdate(doc)))
    peer.message(STEP1)
    await wire.answered(2)
    expect(textOf(wire.step2s().slice(1))).toBe('ab')
    expect(events).toContainEqual({ event: 'gap', ...REF, peer: 1, kept: false })
  })

  it('W5 an answer that still has a gap: its good part is stored, and nobody is asked again', async () => {
    const { connect } = house()
    const { doc, updates } = writeOne('a')
    for (const letter of ['b', 'c', 'd']) doc.getText('text').insert(doc.getText('text').length, letter)
    const holed = encodeStep2(Y.mergeUpdates([updates[0]!, updates[1]!, updates[3]!]))
    const { peer, wire } = connect()
    peer.message(STEP1)
    await wire.answered()
    peer.message(encodeUpdate(updates[3]!))
    peer.message(holed)
    peer.message(STEP1)
    await wire.answered(2)
    expect(wire.of(0, 0).length).toBe(2)
    expect(textOf(wire.step2s().slice(1))).toBe('ab')
    expect(wire.closedWith).toBe(null)
  })

  it('W6 garbage closes that connection and touches nothing else', async () => {
    const { connect, held } = house()
    const [bad, good] = [connect(), connect()]
    good.peer.message(STEP1)
    await good.wire.answered()
    bad.peer.message(Uint8Array.of(0, 2, 3, 1, 2, 3))
    bad.peer.message(writeOne('after').frames[0]!)
    bad.peer.message(STEP1)
    expect(bad.wire.closedWith).toBe(CLOSE.BAD_FRAME)
    good.peer.message(STEP1)
    await good.wire.answered(2)
    expect([held.appendCount, good.wire.closedWith]).toEqual([0, null])
  })

  it.each([
    ['a state vector that is none', Uint8Array.of(0, 0, 1, 9)],
    ['awareness that is none', Uint8Array.of(1, 2, 9, 9)],
    ['an unknown message', Uint8Array.of(9)],
  ])('W6 %s is garbage', async (_name, bytes) => {
    const { connect } = house()
    const { peer, wire } = connect()
    peer.message(STEP1)
    await wire.answered()
    peer.message(bytes)
    expect(wire.closedWith).toBe(CLOSE.BAD_FRAME)
  })

  it('W7 a slow peer that drains is told everything, joined, and is not cut', async () => {
    const { connect, clock, metrics } = house({ stallAfter: 1_000 })
    const [a, slow] = [connect(), connect()]
    slow.peer.message(STEP1)
    await slow.wire.answered()
    slow.wire.stuck = true
    slow.wire.send(new Uint8Array(70_000), true)
    const { doc, frames } = writerDoc()
    for (let i = 0; i < 100; i++) {
      doc.getText('text').insert(i, 'x')
      a.peer.message(frames[i]!)
      a.peer.message(STEP1)
      await a.wire.answered(i + 1)
    }
    for (let i = 0; i < 10; i++) {
      clock.pass(900)
      slow.peer.tick()
      slow.peer.drained()
    }
    expect(slow.wire.closedWith).toBe(null)
    slow.wire.take(70_000)
    slow.peer.drained()
    expect(slow.wire.updates().length).toBe(1)
    expect(textOf(slow.wire.updates())).toBe('x'.repeat(100))
    expect(metrics.joinedSends).toBe(1)
  })

  it('W7 a peer far behind is kept no backlog for; when it drains it is told the difference', async () => {
    const { connect, metrics } = house({ waitingBytes: 2_000 })
    const [a, slow] = [connect(), connect()]
    slow.peer.message(STEP1)
    await slow.wire.answered()
    const { doc, frames } = writerDoc()
    const write = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        doc.getText('text').insert(doc.getText('text').length, 'x'.repeat(100))
        if (i % 10 === 9) doc.getText('text').delete(0, 1)
        for (const frame of frames.splice(0)) a.peer.message(frame)
        a.peer.message(STEP1)
        await a.wire.until(() => a.wire.step2s().length > sent)
        sent = a.wire.step2s().length
      }
    }
    let sent = 0
    await write(5)
    slow.wire.stuck = true
    slow.wire.send(new Uint8Array(70_000), true)
    await write(100)
    expect(slow.wire.updates().length).toBe(5)
    slow.wire.stuck = false
    slow.wire.take(70_000)
    slow.peer.drained()
    await slow.wire.until(() => slow.wire.updates().length === 6)
    await write(1)
    await slow.wire.until(() => slow.wire.updates().length === 7)
    expect(textOf(slow.wire.updates())).toBe(doc.getText('text').toString())
    expect(metrics.caughtUp).toBe(1)
  })

  it('W7 a peer that takes nothing for some seconds is cut', async () => {
    const { connect, clock } = house({ stallAfter: 1_000 })
    const { peer, wire } = connect()
    peer.message(STEP1)
    await wire.answered()
    peer.tick()
    wire.stuck = true
    wire.send(new Uint8Array(70_000), true)
    clock.pass(1_000)
    peer.tick()
    expect(wire.terminated).toBe(false)
    clock.pass(1)
    peer.tick()
    expect(wire.terminated).toBe(true)
  })

  it('W7 a peer that answers no ping is cut, one that does is not', async () => {
    const { connect, clock } = house({ pingEvery: 1_000 })
    const [deaf, alive] = [connect(), connect()]
    for (const { peer, wire } of [deaf, alive]) {
      peer.message(STEP1)
      await wire.answered()
    }
    for (let i = 0; i < 5; i++) {
      clock.pass(600)
      deaf.peer.tick()
      alive.peer.tick()
      if (alive.wire.pings > 0) alive.peer.pong()
    }
    expect(deaf.wire.pings).toBe(1)
    expect(deaf.wire.closedWith).toBe(CLOSE.STALLED)
    expect(alive.wire.closedWith).toBe(null)
  })

  it('W7 a big state goes out in pieces of one message, as it is taken', async () => {
    const { connect } = house()
    const a = connect()
    const { doc, frames } = writerDoc()
    doc.getMap('m').set('big', 'y'.repeat(1_000_000))
    doc.getText('text').insert(0, 'end')
    for (const frame of frames) a.peer.message(frame)
    a.peer.message(STEP1)
    await a.wire.answered()
    const b = connect()
    b.wire.stuck = true
    b.peer.message(STEP1)
    await b.wire.until(() => b.wire.waiting >= 64 * 1024)
    expect(b.wire.waiting).toBeLessThan(200_000)
    b.wire.stuck = false
    b.wire.take(200_000)
    b.peer.drained()
    await b.wire.answered()
    // The large record as it lies on the disk, and what came after it as the step 2.
    expect(textOf([...b.wire.updates(), ...b.wire.step2s()])).toBe('end')
    expect(b.wire.step2s()).toHaveLength(1)
  })

  it('W10 its own state is echoed, another cannot be forged or removed, and on leaving its own is removed', async () => {
    const { connect } = house()
    const [a, b] = [connect(), connect()]
    for (const { peer, wire } of [a, b]) {
      peer.message(STEP1)
      await wire.answered()
    }
    const state = (client: number, clock: number, json: string | null): Uint8Array =>
      encodeAwarenessFrame(encodeAwareness([{ client, clock, state: json === null ? null : utf8.encode(json) }]))
    a.peer.message(state(1, 1, '{"user":"ann"}'))
    expect(a.wire.of(1)).toEqual([state(1, 1, '{"user":"ann"}')])
    expect(b.wire.of(1)).toEqual([state(1, 1, '{"user":"ann"}')])
    b.peer.message(state(1, 9, '{"user":"eve"}'))
    b.peer.message(state(1, 9, null))
    expect(a.wire.of(1).length).toBe(1)
    expect(b.wire.closedWith).toBe(null)
    a.peer.closed(1006)
    expect(b.wire.of(1).slice(1)).toEqual([state(1, 1, null)])
  })

  it('W10 a client that says nothing of itself still gets a sign of life, so that it does not reconnect', async () => {
    const { connect, clock } = house({ silenceAfter: 20_000, pingEvery: 1_000_000 })
    const { peer, wire } = connect()
    peer.message(STEP1)
    await wire.answered()
    clock.pass(20_001)
    peer.tick()
    expect(wire.of(1)).toEqual([Uint8Array.of(1, 1, 0)])
  })
})

function writeOne(text: string) {
  const made = writerDoc()
  made.doc.getText('text').insert(0, text)
  return made
}
