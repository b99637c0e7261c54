import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UpdateLog } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Costly, type CostlyNotes, openCostlyNotes } from '../../src/costly.ts'
import { HeldLog, house, REF, writerDoc } from '../fakes.ts'

const REASON = 'The compaction was given up: it took more than 30000 ms.'

/** A document with so many updates that it is worth compacting. */
async function fill(log: UpdateLog, document: string, epoch = 'first'): Promise<void> {
  const { doc, updates } = writerDoc()
  for (let i = 0; i < 60; i++) doc.getText('text').insert(i, 'x')
  for (const update of updates) await log.append({ space: 'default', document }, update, { epoch })
}

describe('documents that cost too much, over restarts', () => {
  let directory: string
  let log: UpdateLog
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-costly-'))
    log = createMemoryLog()
    for (const document of ['one', 'two', 'three']) await fill(log, document)
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  const found = async (): Promise<string[]> =>
    (await openCostlyNotes(directory, log)).found.map(({ document }) => document)

  it('W5 are remembered, until they were compacted or purged, by whomever', async () => {
    const costly = new Costly(await openCostlyNotes(directory, log))
    for (const document of ['one', 'two', 'three', 'gone']) costly.add({ space: 'default', document }, REASON)
    await costly.kept()
    expect(await found()).toEqual(['one', 'two', 'three'])
    const again = new Costly(await openCostlyNotes(directory, log))
    expect(again.reasonFor({ space: 'default', document: 'one' })).toBe(REASON)
    expect(again.delete({ space: 'default', document: 'one' })).toBe(true)
    await again.kept()
    expect(await found()).toEqual(['two', 'three'])
    // While no relay runs.
    await log.compact({ space: 'default', document: 'two' })
    await log.purge({ space: 'default', document: 'three' })
    await fill(log, 'three', 'second')
    expect(await found()).toEqual([])
  })

  it('W5 a note that is cut or rotten is none', async () => {
    const costly = new Costly(await openCostlyNotes(directory, log))
    costly.add({ space: 'default', document: 'one' }, REASON)
    await costly.kept()
    const path = join(directory, 'too-costly')
    const text = await readFile(path, 'utf8')
    for (const broken of ['', text.slice(0, 20), '{"documents":7}', '{"documents":[7,{}]}', 'null']) {
      await writeFile(path, broken)
      expect(await found()).toEqual([])
    }
    await writeFile(path, text)
    expect(await found()).toEqual(['one'])
  })
})

describe('rooms', () => {
  const noted = (): CostlyNotes & { kept: number } => ({
    found: [{ ...REF, reason: REASON }],
    kept: 0,
    async keep(all) {
      this.kept = all.length
    },
  })

  it('W5 a document that cost too much before the restart takes nothing new after it', async () => {
    const made = house({}, new HeldLog(), undefined, noted())
    const { peer, wire } = made.connect()
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'news')
    peer.message(frames[0]!)
    await wire.until(() => wire.of(2, 0).length === 1)
    expect(Buffer.from(wire.of(2, 0)[0]!).toString()).toContain('too costly to hold')
    expect(made.held.appendCount).toBe(0)
  })

  it('W5 W9 one that was purged is none any more: who begins anew under its name may write', async () => {
    const notes = noted()
    const held = new HeldLog()
    await fill(held.log, REF.document)
    const made = house({}, held, undefined, notes)
    notes.kept = 1
    await held.log.purge(REF)
    expect(made.rooms.tooCostly()).toEqual([])
    await made.rooms.settled()
    expect(notes.kept).toBe(0)
  })
})
