import { Intake, joinUpdates } from '@holdfast/protocol'
import { seededRandom } from '@holdfast/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { createThreadExaminer, type Examiner, inlineExaminer } from '../../src/index.ts'

const open = new Set<Examiner>()

afterEach(async () => {
  for (const examiner of open) await examiner.close()
  open.clear()
})

function thread(options: Parameters<typeof createThreadExaminer>[0] = {}): Examiner {
  const made = createThreadExaminer(options)
  open.add(made)
  return made
}

function typed(seed: number, edits: number): Uint8Array[] {
  const random = seededRandom(seed)
  const doc = new Y.Doc()
  doc.clientID = seed
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  for (let i = 0; i < edits; i++) {
    if (text.length > 3 && random.chance(0.2)) text.delete(random.int(text.length - 2), 1)
    else text.insert(random.int(text.length + 1), random.pick(['a', 'é', '語', 'hello ']))
  }
  return updates
}

describe('the thread', () => {
  it('W5 says what examining here says', async () => {
    const there = thread()
    const known = new Intake()
    for (let seed = 1; seed <= 5; seed++) {
      const updates = typed(seed, 60)
      const [first, second] = [joinUpdates(updates.slice(0, 30)), joinUpdates(updates.slice(30))]
      const image = known.image()
      for (const update of [second, first, joinUpdates(updates), Uint8Array.of(1, 255)]) {
        expect(await there.judge(image, update)).toEqual(await inlineExaminer.judge(image, update))
      }
      known.restore(first)
      expect(await there.restore(updates)).toEqual(await inlineExaminer.restore(updates))
      expect(await there.join(updates)).toEqual(await inlineExaminer.join(updates))
      const vector = Y.encodeStateVectorFromUpdate(first)
      expect(await there.difference(updates, vector)).toEqual(await inlineExaminer.difference(updates, vector))
    }
  })

  it('W6 bytes that are no update are said to be none, and the thread goes on', async () => {
    const there = thread()
    await expect(there.join([Uint8Array.of(1, 255), Uint8Array.of(0, 0)])).rejects.toMatchObject({ code: 'BAD_UPDATE' })
    await expect(there.restore([Uint8Array.of(1, 255)])).rejects.toMatchObject({ code: 'BAD_UPDATE' })
    expect(await there.join(typed(1, 5))).toEqual(joinUpdates(typed(1, 5)))
  })

  it('W5 what takes too long is given up, and the next is not', async () => {
    const pending = new Set<() => void>()
    const there = thread({
      timeLimit: 1,
      linger: 2,
      after(milliseconds, run) {
        // The clock is ours: only the time limit of the first ever passes.
        if (milliseconds === 1) pending.add(run)
        return () => pending.delete(run)
      },
    })
    const first = there.judge(new Intake().image(), typed(1, 3)[0]!)
    const second = there.join(typed(2, 5))
    for (const run of [...pending]) run()
    await expect(first).rejects.toMatchObject({ code: 'TOO_COSTLY' })
    expect(await second).toEqual(joinUpdates(typed(2, 5)))
  })

  it('W5 what takes too much memory costs the thread and not the process', async () => {
    const there = thread({ memoryLimit: 16 })
    // 300,000 clients of one letter each: 3 MB that take a hundred to know.
    const bytes: number[] = []
    const uint = (value: number): void => {
      let rest = value
      for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(128 | (rest & 127))
      bytes.push(rest)
    }
    uint(300_000)
    for (let client = 0; client < 300_000; client++) {
      uint(1)
      uint(client)
      uint(0)
      bytes.push(0, 1)
    }
    uint(0)
    await expect(there.restore([Uint8Array.from(bytes)])).rejects.toMatchObject({ code: 'TOO_COSTLY' })
    expect(await there.join(typed(2, 5))).toEqual(joinUpdates(typed(2, 5)))
  })

  it('U10 nothing is done after the end', async () => {
    const there = thread()
    await there.close()
    await expect(there.join(typed(1, 2))).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
