import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLOSE, type VersionRange } from '@holdfast/protocol'
import { inlineCompactor, type UpdateLog } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RunningRelay } from '../helpers.ts'
import { Copy, type Device } from './driver.ts'
import { deviceAt, relayFor, stopRelay } from './house.ts'

const FIRST: VersionRange = { min: 1, max: 1 }
const SECOND: VersionRange = { min: 1, max: 2 }
const ONLY_SECOND: VersionRange = { min: 2, max: 2 }

const PAIRINGS: readonly { readonly client: VersionRange; readonly its: VersionRange; readonly version: number }[] = [
  { client: FIRST, its: FIRST, version: 1 },
  { client: FIRST, its: SECOND, version: 1 },
  { client: SECOND, its: FIRST, version: 1 },
  { client: SECOND, its: SECOND, version: 2 },
]

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-versions-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

async function serve(directory: string, versions: VersionRange): Promise<{ at: RunningRelay; log: UpdateLog }> {
  const log = await openLevelLog({ directory, compactor: inlineCompactor })
  onTestFinished(() => log.close())
  return { at: await relayFor({ log, versions }), log }
}

const agreed = (device: Device): unknown => device.said.find(({ kind }) => kind === 'welcomed')

describe.each(PAIRINGS)(
  'a client that speaks up to $client.max and a relay that speaks up to $its.max',
  ({ client, its, version }) => {
    it(`Y2 speak ${version}, and everything is written, fetched, listed and purged`, async () => {
      const at = await relayFor({ versions: its })
      const device = await deviceAt(at, { versions: client })
      expect(agreed(device)).toMatchObject({ version })
      const copy = await new Copy(device, 'chat').synced()
      copy.text.insert(0, 'hello')
      await copy.synced()
      const other = await deviceAt(at, { versions: client })
      const theirs = await new Copy(other, 'chat').synced()
      expect(theirs.text.toString()).toBe('hello')
      theirs.text.insert(5, ' world')
      await theirs.synced()
      await device.until(() => copy.text.toString() === 'hello world')
      const summary = other.sync.summary('chat', theirs.epoch, Uint8Array.of(1, 2))
      other.pump()
      expect(await other.answer(summary)).toMatchObject({ kind: 'done' })
      await device.entry('chat', (entry) => entry.summary?.length === 2)
      const purge = other.sync.purge('chat', theirs.epoch)
      other.pump()
      expect(await other.answer(purge)).toMatchObject({ kind: 'done' })
      await copy.find('set-aside')
      await device.entry('chat', ({ purged }) => purged)
      expect(device.sync.reach > 0).toBe(version === 2)
      expect(device.sync.reach).toBeLessThanOrEqual(at.log.commits)
    })

    it('Y2 W11 after an ordinary restart nothing is told again, whichever versions met before', async () => {
      const directory = await folder()
      const before = await serve(directory, FIRST)
      const device = await deviceAt(before.at, { versions: client })
      const copy = await new Copy(device, 'chat').synced()
      copy.text.insert(0, 'hello')
      await copy.synced()
      await device.entry('chat', ({ seq }) => seq >= copy.seq)
      await stopRelay(before.at)
      await before.log.close()
      const now = await serve(directory, its)
      const { incarnation, cursor } = device
      const back = await deviceAt(now.at, { versions: client, incarnation, cursor, reach: device.sync.reach })
      expect(back.said.some(({ kind }) => kind === 'history')).toBe(false)
      expect(await Copy.again(back, 'chat', copy).find('opened')).toMatchObject({ trusted: true })
    })
  },
)

describe('no version in common', () => {
  it('Y2 W8 a client that is too old is refused for good, and told to be upgraded', async () => {
    const at = await relayFor({ versions: ONLY_SECOND })
    const device = await deviceAt(at, { versions: FIRST })
    expect(await device.lost()).toMatchObject({
      code: CLOSE.CLIENT_TOO_OLD,
      reason: 'upgrade the client: it speaks up to 1, the relay from 2',
    })
    expect(device.sync.state.kind).toBe('refused')
  })

  it('Y2 W8 a relay that is too old is left, and tried again: it may be upgraded', async () => {
    const at = await relayFor({ versions: FIRST })
    const device = await deviceAt(at, { versions: ONLY_SECOND })
    expect(await device.lost()).toMatchObject({
      code: CLOSE.RELAY_TOO_OLD,
      reason: 'upgrade the relay: it speaks up to 1, the client from 2',
    })
    expect(device.sync.state.kind).toBe('waiting')
  })
})

describe('a folder put back from a copy that was made between an ack and the next page of the feed', () => {
  async function putBack(versions: VersionRange): Promise<{ back: Device; copy: Copy; late: Copy }> {
    const [directory, copied] = [await folder(), await folder()]
    const first = await serve(directory, versions)
    const device = await deviceAt(first.at, { versions })
    const copy = await new Copy(device, 'chat').synced()
    copy.text.insert(0, 'hello')
    await copy.synced()
    await device.entry('chat', ({ seq }) => seq >= copy.seq)
    const { incarnation, cursor } = device
    await cp(directory, copied, { recursive: true })
    const late = await new Copy(device, 'other').synced()
    late.text.insert(0, 'acknowledged')
    await late.synced()
    const { reach } = device.sync
    await stopRelay(first.at)
    await first.log.close()
    const second = await serve(copied, versions)
    // As if the page of the feed behind the ack had not come any more.
    return { back: await deviceAt(second.at, { versions, incarnation, cursor, reach }), copy, late }
  }

  it('W11 Y15 version 2: what was told ahead of the cursor shows, and everything is offered again', async () => {
    const { back, late } = await putBack(SECOND)
    expect(back.said).toContainEqual(expect.objectContaining({ kind: 'history', cause: 'incarnation' }))
    expect(await Copy.again(back, 'other', late).find('opened')).toMatchObject({ trusted: false })
  })

  it('W11 Y15 version 1 cannot: the relay goes by the cursor (SPEC-SYNC, Versions)', async () => {
    const { back } = await putBack(FIRST)
    expect(back.said.some(({ kind }) => kind === 'history')).toBe(false)
  })
})
