import { CLOSE, encodeUpdate } from '@holdfast/protocol'
import { type CompactResult, UpdateLogError } from '@holdfast/update-log'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { AT_ONCE, ExamineError } from '../../src/examine/port.ts'
import type { StockPeer } from '../../src/stock-peer.ts'
import { HeldLog, house, REF, STEP1, textOf, writerDoc } from '../fakes.ts'
import { HeldExaminer } from './held-examiner.ts'

const LARGE = AT_ONCE + 1

async function open(examiner = new HeldExaminer()) {
  const made = house({}, new HeldLog(), examiner)
  const join = async (options = {}) => {
    const { peer, wire } = made.connect(options)
    peer.message(STEP1)
    await wire.answered()
    return { peer, wire }
  }
  return { ...made, examiner, join }
}

describe('a large update', () => {
  it('W5 holds back only who sent it: what others send meanwhile is stored and shown', async () => {
    const { examiner, join, held } = await open()
    const [bomber, honest, reader] = [await join(), await join(), await join()]
    const large = writerDoc()
    large.doc.getText('text').insert(0, 'x'.repeat(LARGE))
    bomber.peer.message(large.frames[0]!)
    await examiner.asking()
    expect(bomber.wire.paused).toBe(true)
    const small = writerDoc()
    small.doc.getText('text').insert(0, 'hello')
    honest.peer.message(small.frames[0]!)
    await reader.wire.until(() => reader.wire.updates().length === 1)
    expect(textOf(reader.wire.updates())).toBe('hello')
    await examiner.answer()
    await reader.wire.until(() => reader.wire.updates().length === 2)
    expect(textOf(reader.wire.updates()).length).toBe(LARGE + 5)
    expect(bomber.wire.paused).toBe(false)
    expect(held.appendCount).toBe(2)
  })

  it('W1 W5 what its sender sends after it is judged after it, in order', async () => {
    const { examiner, join } = await open()
    const [writer, reader] = [await join(), await join()]
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'x'.repeat(LARGE))
    doc.getText('text').insert(0, 'after')
    for (const frame of frames) writer.peer.message(frame)
    writer.peer.message(STEP1)
    await examiner.answer()
    await writer.wire.answered(2)
    expect(textOf(writer.wire.step2s().slice(1))).toBe(doc.getText('text').toString())
    expect(textOf(reader.wire.updates())).toBe(doc.getText('text').toString())
  })

  it('W5 one whose gap was filled while it was looked at is looked at again', async () => {
    const { examiner, join, metrics } = await open()
    const [writer, other] = [await join(), await join()]
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'first')
    doc.getText('text').insert(5, 'x'.repeat(LARGE))
    writer.peer.message(frames[1]!)
    await examiner.asking()
    other.peer.message(frames[0]!)
    await writer.wire.until(() => writer.wire.updates().length === 1)
    await examiner.answer()
    await examiner.answer()
    await other.wire.until(() => other.wire.updates().length === 1)
    expect(metrics.gaps).toBe(0)
    expect(examiner.asked).toBe(2)
  })

  it('W5 one with a gap is asked about, and the good part of the answer is stored', async () => {
    const { examiner, join, held } = await open()
    const writer = await join()
    const { doc, updates } = writerDoc()
    doc.getText('text').insert(0, 'x'.repeat(LARGE))
    doc.getText('text').insert(0, 'lost')
    doc.getText('text').insert(0, 'y'.repeat(LARGE))
    const steps = writer.wire.of(0, 0).length
    writer.peer.message(encodeUpdate(updates[2]!))
    await examiner.answer()
    await writer.wire.until(() => writer.wire.of(0, 0).length > steps)
    const partly = Y.mergeUpdates([updates[0]!, updates[2]!])
    writer.peer.message(encodeUpdate(partly))
    await examiner.answer()
    await examiner.answer()
    writer.peer.message(STEP1)
    await writer.wire.answered(2)
    expect(held.appendCount).toBe(1)
    expect(textOf(writer.wire.step2s().slice(1))).toBe('x'.repeat(LARGE))
  })

  it('W6 a large one that is garbage closes its connection and stores nothing', async () => {
    const { examiner, join, held } = await open()
    const { peer, wire } = await join()
    peer.message(encodeUpdate(new Uint8Array(LARGE).fill(255)))
    await examiner.answer()
    await wire.until(() => wire.closedWith !== null)
    expect(wire.closedWith).toBe(CLOSE.BAD_FRAME)
    expect(held.appendCount).toBe(0)
  })

  it('W4 a large one of a reader is looked at and dropped', async () => {
    const { examiner, join, held } = await open()
    const { peer, wire } = await join({ mayWrite: false })
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'x'.repeat(LARGE))
    peer.message(frames[0]!)
    await examiner.answer()
    await wire.until(() => wire.of(2, 0).length === 1)
    expect(held.appendCount).toBe(0)
  })

  it('W5 nothing is taken of one whose sender has gone', async () => {
    const { examiner, join, held, rooms } = await open()
    const [writer, other] = [await join(), await join()]
    const { doc, frames, updates } = writerDoc()
    doc.getText('text').insert(0, 'x'.repeat(LARGE))
    writer.peer.message(frames[0]!)
    await examiner.asking()
    writer.peer.closed(1006)
    await examiner.answer()
    other.peer.message(encodeUpdate(updates[0]!))
    await examiner.answer()
    other.peer.message(STEP1)
    await other.wire.answered(2)
    expect(held.appendCount).toBe(1)
    expect(rooms.find(REF)?.stateVector().size).toBe(1)
  })

  it('W5 a document that cannot be compacted within its limits is read and takes nothing new, until it can be', async () => {
    const held = new HeldLog()
    const fails = new UpdateLogError('COMPACTION_FAILED', 'The compaction was given up: it took more than 30000 ms.')
    const compact = held.log.compact
    const outcomes: Promise<CompactResult>[] = []
    held.log.compact = (ref) => {
      const outcome = outcomes.length === 0 ? Promise.reject(fails) : compact(ref)
      outcomes.push(outcome)
      return outcome
    }
    const made = house({ idleAfter: 0 }, held)
    const leave = async (peer: StockPeer): Promise<void> => {
      const before = outcomes.length
      peer.closed(1000)
      await made.rooms.written()
      made.clock.pass(1)
      expect(outcomes.length).toBe(before + 1)
      await outcomes.at(-1)!.then(
        () => undefined,
        () => undefined,
      )
    }
    const visit = async () => {
      const { peer, wire } = made.connect()
      peer.message(STEP1)
      await wire.answered()
      return { peer, wire }
    }
    const { doc, frames } = writerDoc()
    const first = await visit()
    for (let i = 0; i < 40; i++) {
      doc.getText('text').insert(i, 'x')
      first.peer.message(frames.at(-1)!)
      first.peer.message(STEP1)
      await first.wire.answered(i + 2)
    }
    await leave(first.peer)
    const second = await visit()
    expect(textOf(second.wire.step2s()).length).toBe(40)
    doc.getText('text').insert(0, 'news')
    second.peer.message(frames.at(-1)!)
    expect(Buffer.from(second.wire.of(2, 0)[0]!).toString()).toContain('too costly to hold')
    expect(made.rooms.tooCostly()).toMatchObject([{ ...REF, reason: fails.message }])
    await leave(second.peer)
    expect(made.rooms.tooCostly()).toEqual([])
    const third = await visit()
    third.peer.message(frames.at(-1)!)
    third.peer.message(STEP1)
    await third.wire.answered(2)
    expect(textOf(third.wire.step2s().slice(1))).toBe(doc.getText('text').toString())
  })

  it('W5 one that costs more than it may is refused with the reason; its sender reads and writes on', async () => {
    const examiner = new HeldExaminer()
    examiner.judge = async () => {
      throw new ExamineError('TOO_COSTLY', 'it took more than 15000 ms')
    }
    const { join, held, events, metrics } = await open(examiner)
    const { peer, wire } = await join()
    const bomb = writerDoc()
    bomb.doc.getText('text').insert(0, 'x'.repeat(LARGE))
    peer.message(bomb.frames[0]!)
    await wire.until(() => wire.of(2, 0).length === 1)
    expect(Buffer.from(wire.of(2, 0)[0]!).toString()).toContain('the edit was not stored: judging it was given up')
    expect(held.appendCount).toBe(0)
    const small = writerDoc()
    small.doc.getText('text').insert(0, 'hello')
    peer.message(small.frames[0]!)
    peer.message(STEP1)
    await wire.answered(2)
    expect(textOf(wire.step2s().slice(1))).toBe('hello')
    expect(wire.closedWith).toBe(null)
    const reason = 'judging it was given up: it took more than 15000 ms'
    expect(events).toContainEqual({ event: 'too-costly', ...REF, reason })
    expect(metrics.render()).toContain('holdfast_refusals_total{reason="TOO_COSTLY"} 1')
  })
})
