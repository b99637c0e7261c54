import { createMemoryLog } from '@holdfast/update-log/memory'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { findForgotten, type ServingOptions } from '../src/check/seen.ts'
import { type Shadowed, shadowed } from '../src/check/shadow.ts'

const D = 'd'
const REF = { space: 'default', document: D }
const STRICT: ServingOptions = { isPurged: () => false, diskFailed: false }

/** What a document says as it grows: a text, more of it, and a piece of it deleted. */
function updatesOf(): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => void updates.push(update))
  const text = doc.getText('t')
  text.insert(0, 'one ')
  text.insert(4, 'two')
  text.delete(0, 2)
  return updates as unknown as readonly [Uint8Array, Uint8Array, Uint8Array]
}

async function stored(...updates: readonly Uint8Array[]): Promise<Shadowed> {
  const shadow = shadowed()
  const log = createMemoryLog({ folder: shadow.folder })
  for (const update of updates) await log.append(REF, update)
  await log.close()
  return shadow
}

describe('seen-survives', () => {
  test('what was shown is on the disk, in whatever records it came', async () => {
    const [one, two, deletion] = updatesOf()
    const shadow = await stored(Y.mergeUpdates([one, two]), deletion)
    for (const update of [one, Y.mergeUpdates([two, deletion])]) shadow.seen.add(D, update)
    expect(await findForgotten(shadow, STRICT)).toEqual([])
  })

  test('a text, a deletion, what builds on what is not there, and a whole document are missed', async () => {
    const [one, two, deletion] = updatesOf()
    for (const [there, shown] of [
      [[one], two],
      [[one, two], deletion],
      [[], two],
      [[], one],
    ] as const) {
      const shadow = await stored(...there)
      shadow.seen.add(D, shown)
      expect((await findForgotten(shadow, STRICT)).map(({ rule }) => rule)).toEqual(['seen-survives'])
    }
  })

  test('what was purged is not missed', async () => {
    const [one] = updatesOf()
    const shadow = await stored()
    shadow.seen.add(D, one)
    expect(await findForgotten(shadow, { ...STRICT, isPurged: (document) => document === D })).toEqual([])
  })

  test('when the disk failed it waits for the next start, and nothing else does', async () => {
    const [one, two, deletion] = updatesOf()
    const shadow = await stored(one)
    for (const update of [one, two]) shadow.seen.add(D, update)
    shadow.ahead.shown = [{ ...REF, epoch: 'e', update: two }]
    const failing: ServingOptions = { ...STRICT, diskFailed: true }
    expect(await findForgotten(shadow, STRICT)).toHaveLength(1)
    expect(await findForgotten(shadow, failing)).toEqual([])
    shadow.seen.add(D, deletion)
    expect(await findForgotten(shadow, failing)).toHaveLength(1)
  })

  test('a copy of a folder goes on with what was shown, a backup with what is durable', async () => {
    const [one, two] = updatesOf()
    const shadow = await stored(one)
    shadow.seen.add(D, two)
    shadow.ahead.shown = [{ ...REF, epoch: 'e', update: two }]
    const [copy, backup] = [shadow.copy(), shadow.backup()]
    expect(copy.ahead.shown).toHaveLength(1)
    expect(await findForgotten(copy, STRICT)).toHaveLength(1)
    expect(backup.ahead.shown).toEqual([])
    expect(await findForgotten(backup, STRICT)).toEqual([])
  })
})
