import { UpdateLogError } from '@holdfast/update-log'
import { createMemoryAhead, type MemoryAheadFolder } from '@holdfast/update-log/ahead'
import { describe, expect, it } from 'vitest'
import { inlineExaminer } from '../src/examine/inline.ts'
import { HeldLog, type House, house, REF, STEP1, textOf, writerDoc } from './fakes.ts'

const LATER = 60_000

/** Shows 'seen' to somebody, and has it fail to be stored. */
async function failed(): Promise<House & { readonly folder: MemoryAheadFolder }> {
  const folder: MemoryAheadFolder = { shown: [] }
  const here = house({}, new HeldLog(), inlineExaminer, null, createMemoryAhead(folder))
  const { connect, held } = here
  const [writer, reader] = [connect(), connect()]
  for (const { peer, wire } of [writer, reader]) {
    peer.message(STEP1)
    await wire.answered()
  }
  const { doc, frames } = writerDoc()
  doc.getText('text').insert(0, 'seen')
  held.holdAppends = true
  writer.peer.message(frames[0]!)
  await reader.wire.until(() => reader.wire.updates().length === 1)
  expect(textOf(reader.wire.updates())).toBe('seen')
  await held.held(held.appends)
  held.appends[0]!.fail(new UpdateLogError('STORAGE_FAILED', 'the disk failed'))
  await reader.wire.until(() => reader.wire.closedWith !== null)
  held.holdAppends = false
  return { ...here, folder }
}

function updateOf(text: string): Uint8Array {
  const { doc, updates } = writerDoc()
  doc.getText('text').insert(0, text)
  return updates[0]!
}

function committed({ held }: House): Promise<void> {
  return new Promise((resolve) => {
    const stop = held.log.onCommit(() => {
      stop()
      resolve()
    })
  })
}

describe('what was shown and could not be stored', () => {
  it('W2 is stored when the storage works again, without a restart', async () => {
    const here = await failed()
    const stored = committed(here)
    here.clock.pass(LATER)
    await stored
    await here.rooms.written()
    const late = here.connect()
    late.peer.message(STEP1)
    await late.wire.answered()
    expect(textOf(late.wire.step2s())).toBe('seen')
    // All is released: a purge of something else may wipe the file.
    const other = { ...REF, document: 'other' }
    await here.held.log.append(other, updateOf('other'))
    await here.held.log.purge(other)
    expect(here.folder.shown).toEqual([])
  })

  it('W2 is tried again while it cannot be', async () => {
    const here = await failed()
    const { held, clock, rooms } = here
    held.holdAppends = true
    clock.pass(LATER)
    await held.held(held.appends, 2)
    held.appends[1]!.fail(new UpdateLogError('STORAGE_FULL', 'the disk is full'))
    await rooms.written()
    held.holdAppends = false
    const stored = committed(here)
    // It is asked for in a turn of its own.
    await new Promise((resolve) => setImmediate(resolve))
    clock.pass(LATER)
    await stored
    expect(held.appendCount).toBe(3)
  })

  // The epoch under which it was shown need not be durable: whoever came first afterwards said another.
  it.each(['the same', 'another'])('W9 is given up and wiped when it is purged under %s epoch', async (which) => {
    const here = await failed()
    const { folder, held, clock } = here
    expect(folder.shown).toHaveLength(1)
    const epoch = which === 'another' ? which : folder.shown[0]!.epoch
    await held.log.append(REF, updateOf('of another client'), { epoch })
    await held.log.purge(REF)
    held.holdLoads = true
    clock.pass(LATER)
    await held.held(held.loads, 1)
    held.loads[0]!.open()
    await here.rooms.written()
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(folder.shown).toEqual([])
    expect(held.appendCount).toBe(2)
    expect((await held.log.stat(REF))?.kind).toBe('purged')
  })

  it('W2 is left to the next start when the relay ends', async () => {
    const here = await failed()
    await here.rooms.settled()
    here.clock.pass(LATER)
    expect(here.held.appendCount).toBe(1)
    expect(here.folder.shown).toHaveLength(1)
  })
})
