import { REFUSAL } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { AT_ONCE } from '../../src/examine/port.ts'
import { ExamineError } from '../../src/index.ts'
import { HeldExaminer } from '../examine/held-examiner.ts'
import { Copy } from './driver.ts'
import { deviceAt, relayFor } from './house.ts'

const LARGE = 'x'.repeat(AT_ONCE + 1)

describe('a large update over a shared connection', () => {
  it('W1 W5 waits for its judgement, what follows it waits for it, and nobody else waits', async () => {
    const examiner = new HeldExaminer()
    const at = await relayFor({ examiner })
    const [busy, quiet] = [await deviceAt(at), await deviceAt(at)]
    const [large, small] = [await new Copy(busy, 'large').synced(), await new Copy(busy, 'small').synced()]
    const other = await new Copy(quiet, 'large').synced()
    large.text.insert(0, LARGE)
    small.text.insert(0, 'after it on the same connection')
    await examiner.asking()
    other.text.insert(0, 'meanwhile ')
    await other.synced()
    expect([large.acked < large.sent, small.acked < small.sent]).toEqual([true, true])
    await examiner.answer()
    await Promise.all([large.synced(), small.synced()])
    await quiet.until(() => other.text.length === LARGE.length + 10)
  })

  it('W5 too costly a one is refused by its number, set aside by nobody, and the channel goes on', async () => {
    const examiner = new HeldExaminer()
    examiner.judge = async () => {
      throw new ExamineError('TOO_COSTLY', 'it took more than 15000 ms')
    }
    const at = await relayFor({ examiner })
    const [one, two] = [await deviceAt(at), await deviceAt(at)]
    const copy = await new Copy(one, 'chat').synced()
    const other = await new Copy(two, 'chat').synced()
    copy.text.insert(0, LARGE)
    await one.until(() => copy.acked === copy.sent)
    expect(copy.refused.map(({ code }) => code)).toEqual([REFUSAL.TOO_COSTLY])
    other.text.insert(0, 'goes on')
    await other.synced()
    expect((await at.log.load({ space: 'default', document: 'chat' }))?.updates.length).toBe(1)
  })

  it('W5 a channel that is closed while its update is judged leaves the connection going', async () => {
    const examiner = new HeldExaminer()
    const at = await relayFor({ examiner })
    const device = await deviceAt(at)
    const copy = await new Copy(device, 'chat').synced()
    copy.text.insert(0, 'there')
    await copy.synced()
    copy.text.insert(0, LARGE)
    await examiner.asking()
    await at.log.purge({ space: 'default', document: 'chat' }, { epoch: copy.epoch })
    await device.until(() => copy.isOver)
    await examiner.answer()
    const next = await new Copy(device, 'next').synced()
    next.text.insert(0, 'fine')
    await next.synced()
  })
})
