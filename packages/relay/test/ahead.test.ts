import { CLOSE, encodeUpdate } from '@holdfast/protocol'
import { UpdateLogError } from '@holdfast/update-log'
import { createMemoryAhead, type MemoryAheadFolder } from '@holdfast/update-log/ahead'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { bringIn } from '../src/bring-in.ts'
import type { Member } from '../src/member.ts'
import type { Limits } from '../src/options.ts'
import { type FakeWire, HeldLog, type House, house, REF, STEP1, textOf, writerDoc } from './fakes.ts'

/** A relay whose memory of what it showed outlives it. */
function aheadHouse(folder: MemoryAheadFolder, held = new HeldLog(), limits: Partial<Limits> = {}) {
  const ahead = createMemoryAhead(folder)
  return { ...house(limits, held, undefined, null, ahead), ahead }
}

async function connected({ connect }: House): Promise<ReturnType<House['connect']>> {
  const { peer, wire } = connect()
  peer.message(STEP1)
  await wire.answered()
  return { peer, wire }
}

/** One update for each word. */
function wordFrames(...words: string[]): { doc: Y.Doc; frames: Uint8Array[]; updates: Uint8Array[] } {
  const { doc, frames, updates } = writerDoc()
  for (const word of words) doc.getText('text').insert(doc.getText('text').length, word)
  return { doc, frames, updates }
}

/** Everything that is to happen in this turn of the event loop has happened. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

function seen(wire: FakeWire): string {
  return textOf([...wire.step2s(), ...wire.updates()])
}

describe('what is shown ahead', () => {
  it('W2 stock clients are shown an update once the system has it, and it is not durable then', async () => {
    const folder: MemoryAheadFolder = { shown: [] }
    const here = aheadHouse(folder)
    const [a, b] = [await connected(here), await connected(here)]
    here.held.holdAppends = true
    const { frames, updates } = wordFrames('hello')
    a.peer.message(frames[0]!)
    await b.wire.until(() => b.wire.updates().length === 1)
    expect(b.wire.updates()).toEqual(frames)
    expect(folder.shown).toEqual([{ ...REF, epoch: here.rooms.find(REF)!.epoch, update: updates[0] }])
    expect(await here.held.log.load(REF)).toBeNull()
    expect(here.metrics.shownAhead).toBe(1)
    await here.held.held(here.held.appends)
    here.held.appends[0]!.open()
    await here.rooms.written()
    // Told once, and not kept any longer.
    expect(b.wire.updates().length).toBe(1)
    expect(a.wire.updates()).toEqual([])
    await here.ahead.close()
    expect(folder.shown).toEqual([])
  })

  it('W2 a process that ends then loses nothing that was seen: the next has it before it serves anybody', async () => {
    const folder: MemoryAheadFolder = { shown: [] }
    const stored = createMemoryLog()
    const here = aheadHouse(folder, new HeldLog(stored))
    const [a, b] = [await connected(here), await connected(here)]
    here.held.holdAppends = true
    for (const frame of wordFrames('never ', 'durable').frames) {
      const before = b.wire.updates().length
      a.peer.message(frame)
      await b.wire.until(() => b.wire.updates().length > before)
    }
    const next = aheadHouse(folder, new HeldLog(stored))
    expect(await bringIn(next.ahead, next.rooms)).toEqual({ updates: 2, documents: 1, stored: 2, kept: 0 })
    expect(folder.shown).toEqual([])
    const back = await connected(next)
    expect(textOf(back.wire.step2s())).toBe(seen(b.wire))
    expect((await stored.stat(REF))?.epoch).toBe(here.rooms.find(REF)!.epoch)
  })

  it('W1 W2 who joins when one was shown and is not durable gets it in the answer, which waits for that', async () => {
    const here = aheadHouse({ shown: [] })
    const [a, b] = [await connected(here), await connected(here)]
    here.held.holdAppends = true
    a.peer.message(wordFrames('hello').frames[0]!)
    await b.wire.until(() => b.wire.updates().length === 1)
    const late = here.connect()
    late.peer.message(STEP1)
    await turn()
    expect(late.wire.step2s()).toEqual([])
    here.held.appends[0]!.open()
    await late.wire.answered()
    expect(textOf(late.wire.step2s())).toBe('hello')
    expect(late.wire.updates()).toEqual([])
  })

  it('W2 W7 who lags behind what was shown is told of it when it is durable, not never', async () => {
    const here = aheadHouse({ shown: [] }, new HeldLog(), { waitingBytes: 10 })
    const [a, b, slow] = [await connected(here), await connected(here), await connected(here)]
    slow.wire.stick(64 * 1024)
    here.held.holdAppends = true
    const { frames } = wordFrames('one ', 'two ', 'three ', 'four')
    for (const frame of frames.slice(0, 2)) {
      const before = b.wire.updates().length
      a.peer.message(frame)
      await b.wire.until(() => b.wire.updates().length > before)
    }
    for (const frame of frames.slice(2)) a.peer.message(frame)
    await here.held.held(here.held.appends)
    slow.wire.stuck = false
    slow.wire.take(Number.POSITIVE_INFINITY)
    slow.peer.drained()
    await turn()
    expect(seen(slow.wire)).toBe('')
    here.held.holdAppends = false
    here.held.appends[0]!.open()
    await slow.wire.until(() => seen(slow.wire) === 'one two three four')
  })

  it('W2 nothing is shown before what came before it: many at a time are shown when they are durable, and the next after them', async () => {
    const folder: MemoryAheadFolder = { shown: [] }
    const here = aheadHouse(folder)
    const [a, b] = [await connected(here), await connected(here)]
    here.held.holdAppends = true
    const { frames } = wordFrames(...'abcdefghijk')
    for (const frame of frames.slice(0, 10)) a.peer.message(frame)
    await here.held.held(here.held.appends)
    a.peer.message(frames[10]!)
    await turn()
    expect(b.wire.updates()).toEqual([])
    expect(folder.shown).toEqual([])
    here.held.appends[0]!.open()
    // The last is shown ahead now.
    await b.wire.until(() => b.wire.updates().length === 2)
    expect(seen(b.wire)).toBe('abcdefghijk')
    expect(textOf(b.wire.updates().slice(0, 1))).toBe('abcdefghij')
    expect(folder.shown.length).toBe(1)
    await here.held.held(here.held.appends, 2)
    here.held.appends[1]!.open()
    await here.rooms.written()
    await here.ahead.close()
    expect(folder.shown).toEqual([])
  })

  it('W2 while two turns wait for the disk, what comes after them does too, and goes with them', async () => {
    const here = aheadHouse({ shown: [] })
    const [a, b] = [await connected(here), await connected(here)]
    here.held.holdAppends = true
    const { frames } = wordFrames('1', '2', '3', '4', '5')
    const counts: number[] = []
    for (const frame of frames) {
      a.peer.message(frame)
      await turn()
      counts.push(b.wire.updates().length)
    }
    // The first is being written, two wait for it.
    expect(counts).toEqual([1, 2, 3, 3, 3])
    here.held.holdAppends = false
    here.held.appends[0]!.open()
    await b.wire.until(() => seen(b.wire) === '12345')
    await here.rooms.written()
    expect(b.wire.updates().length).toBe(4)
  })

  it('W2 who is told where updates stand is told when they are durable, once', async () => {
    const here = aheadHouse({ shown: [] })
    const told: number[] = []
    const member: Member = {
      loaded: () => undefined,
      failed: () => undefined,
      update: (_update, _frame, seq) => void told.push(seq),
      awareness: () => undefined,
    }
    const [a, b] = [await connected(here), await connected(here)]
    here.rooms.join(REF, member)
    here.held.holdAppends = true
    a.peer.message(wordFrames('hello').frames[0]!)
    await b.wire.until(() => b.wire.updates().length === 1)
    expect(told).toEqual([])
    here.held.appends[0]!.open()
    await here.rooms.written()
    expect(told).toEqual([1])
  })

  it('W2 with nobody to show it to nothing is written ahead', async () => {
    const folder: MemoryAheadFolder = { shown: [] }
    const here = aheadHouse(folder)
    const alone = await connected(here)
    here.held.holdAppends = true
    alone.peer.message(wordFrames('hello').frames[0]!)
    await here.held.held(here.held.appends)
    expect(folder.shown).toEqual([])
    expect(here.metrics.shownAhead).toBe(0)
    here.held.appends[0]!.open()
    await here.rooms.written()
  })

  it('W2 where writes fail nothing is shown ahead until one was stored', async () => {
    const folder: MemoryAheadFolder = { shown: [] }
    const here = aheadHouse(folder)
    const [a, b] = [await connected(here), await connected(here)]
    here.held.holdAppends = true
    const { frames, updates } = wordFrames('refused')
    a.peer.message(frames[0]!)
    await b.wire.until(() => b.wire.updates().length === 1)
    here.held.appends[0]!.fail(new UpdateLogError('STORAGE_FULL', 'no space left'))
    await b.wire.until(() => b.wire.closedWith !== null)
    expect(b.wire.closedWith).toBe(CLOSE.STORAGE_FAILED)
    // Seen, and not stored: the next start tries.
    expect(folder.shown.map(({ update }) => update)).toEqual(updates)
    const [c, d] = [await connected(here), await connected(here)]
    c.peer.message(frames[0]!)
    await here.held.held(here.held.appends, 2)
    expect(d.wire.updates()).toEqual([])
    here.held.appends[1]!.open()
    await d.wire.until(() => d.wire.updates().length === 1)
    const { frames: more } = wordFrames('well again')
    c.peer.message(more[0]!)
    await d.wire.until(() => d.wire.updates().length === 2)
    expect(here.metrics.shownAhead).toBe(2)
  })

  it('W9 what was shown of a document that is purged meanwhile is kept nowhere', async () => {
    const folder: MemoryAheadFolder = { shown: [] }
    const here = aheadHouse(folder)
    const [a, b] = [await connected(here), await connected(here)]
    const { frames } = wordFrames('first ', 'second')
    a.peer.message(frames[0]!)
    await b.wire.until(() => b.wire.updates().length === 1)
    await here.rooms.written()
    here.held.holdAppends = true
    a.peer.message(frames[1]!)
    await b.wire.until(() => b.wire.updates().length === 2)
    expect(folder.shown.length).toBe(1)
    await here.held.log.purge(REF)
    await b.wire.until(() => b.wire.closedWith !== null)
    expect(folder.shown).toEqual([])
  })
})

describe('what is brought in', () => {
  const EPOCH = 'e1'
  const put = (update: Uint8Array, document = REF.document) => ({ ...REF, document, epoch: EPOCH, update })

  it('W2 what is stored already brings nothing, in whatever order and however often', async () => {
    const { updates } = wordFrames('one ', 'two ', 'three')
    const held = new HeldLog()
    for (const update of updates.slice(0, 2)) await held.log.append(REF, update, { epoch: EPOCH })
    const folder: MemoryAheadFolder = { shown: [updates[1]!, updates[2]!, updates[0]!, updates[2]!].map((u) => put(u)) }
    const { ahead, rooms } = aheadHouse(folder, held)
    expect(await bringIn(ahead, rooms)).toEqual({ updates: 4, documents: 1, stored: 1, kept: 0 })
    const loaded = await held.log.load(REF)
    expect(loaded?.updates.length).toBe(3)
    expect(textOf(loaded!.updates.map((update) => encodeUpdate(update)))).toBe('one two three')
    expect(folder.shown).toEqual([])
    expect(rooms.size).toBe(0)
  })

  it('W5 of what a power cut left only what is causally complete is stored', async () => {
    const { updates } = wordFrames('one ', 'two ', 'three')
    const folder: MemoryAheadFolder = { shown: [put(updates[0]!), put(updates[2]!), put(updates[0]!, 'other')] }
    const { ahead, rooms, held } = aheadHouse(folder)
    expect(await bringIn(ahead, rooms)).toEqual({ updates: 3, documents: 2, stored: 2, kept: 0 })
    const loaded = await held.log.load(REF)
    expect(loaded?.updates).toEqual([updates[0]])
  })

  it('W9 what was purged is not brought back, nor put into what lives under its name', async () => {
    const { updates } = wordFrames('gone')
    const held = new HeldLog()
    await held.log.append(REF, updates[0]!, { epoch: EPOCH })
    await held.log.purge(REF)
    const other = { space: REF.space, document: 'again' }
    const { updates: fresh } = wordFrames('fresh')
    await held.log.append(other, fresh[0]!, { epoch: 'e2' })
    const folder: MemoryAheadFolder = { shown: [put(updates[0]!), put(updates[0]!, other.document)] }
    const { ahead, rooms } = aheadHouse(folder, held)
    expect(await bringIn(ahead, rooms)).toEqual({ updates: 2, documents: 2, stored: 0, kept: 0 })
    expect(await held.log.load(REF)).toBeNull()
    expect((await held.log.load(other))?.updates).toEqual(fresh)
    expect(folder.shown).toEqual([])
  })

  it('W2 W3 what belongs to a document that cannot be read or written now stays for the next start', async () => {
    const { updates } = wordFrames('later')
    const held = new HeldLog()
    const folder: MemoryAheadFolder = { shown: [put(updates[0]!)] }
    held.holdLoads = true
    const unreadable = aheadHouse(folder, held)
    const first = bringIn(unreadable.ahead, unreadable.rooms)
    await held.held(held.loads)
    held.loads[0]!.fail(new Error('rot'))
    expect(await first).toEqual({ updates: 1, documents: 1, stored: 0, kept: 1 })
    expect(folder.shown.length).toBe(1)
    held.holdLoads = false
    held.holdAppends = true
    const unwritable = aheadHouse(folder, held)
    const second = bringIn(unwritable.ahead, unwritable.rooms)
    await held.held(held.appends)
    held.appends[0]!.fail(new Error('full'))
    expect(await second).toEqual({ updates: 1, documents: 1, stored: 0, kept: 1 })
    held.holdAppends = false
    const well = aheadHouse(folder, held)
    expect(await bringIn(well.ahead, well.rooms)).toEqual({ updates: 1, documents: 1, stored: 1, kept: 0 })
    expect(folder.shown).toEqual([])
  })

  it('W6 what is no update is not stored, and ends nothing', async () => {
    const folder: MemoryAheadFolder = { shown: [put(Uint8Array.of(1, 2, 3)), put(Y.encodeStateAsUpdate(new Y.Doc()))] }
    const { ahead, rooms, held } = aheadHouse(folder)
    expect(await bringIn(ahead, rooms)).toEqual({ updates: 2, documents: 1, stored: 0, kept: 0 })
    expect(await held.log.load(REF)).toBeNull()
  })
})
