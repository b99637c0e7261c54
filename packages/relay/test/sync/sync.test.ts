import { CLOSE, REFUSAL } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { stockClient, until } from '../helpers.ts'
import { Copy } from './driver.ts'
import { deviceAt, relayFor } from './house.ts'

describe('documents over one connection', () => {
  it('W1 W2 an edit is acknowledged when it is stored, and shown to the other window', async () => {
    const at = await relayFor()
    const [a, b] = [new Copy(await deviceAt(at), 'chat'), new Copy(await deviceAt(at), 'chat')]
    await Promise.all([a.synced(), b.synced()])
    a.text.insert(0, 'hello')
    await a.synced()
    expect(a.epoch).toBe((await at.log.stat({ space: 'default', document: 'chat' }))?.epoch)
    expect((await at.log.load({ space: 'default', document: 'chat' }))?.seq).toBe(a.seq)
    await b.device.until(() => b.text.toString() === 'hello')
    expect(b.seq).toBe(a.seq)
    expect(a.said.filter(({ kind }) => kind === 'deliver')).toEqual([])
  })

  it('W1 a stock provider and a channel are in one room, and see each other and who is there', async () => {
    const at = await relayFor()
    const stock = stockClient(at.port, 'chat', await at.token())
    await stock.synced
    const copy = await new Copy(await deviceAt(at), 'chat').synced()
    stock.text.insert(0, 'stock')
    await copy.device.until(() => copy.text.toString() === 'stock')
    copy.text.insert(5, ' and sync')
    await until(stock.doc, () => stock.text.toString() === 'stock and sync')
    stock.provider.awareness.setLocalStateField('name', 'Stock')
    const heard = await copy.find('hear', ({ awareness }) => Buffer.from(awareness).includes('Stock'))
    expect(heard.awareness.length).toBeGreaterThan(0)
    stock.provider.destroy()
  })

  it('reopening where one was costs the records since, and nothing when there are none', async () => {
    const at = await relayFor({ limits: { idleAfter: 0 } })
    const [one, two] = [await deviceAt(at), await deviceAt(at)]
    const a = await new Copy(one, 'chat').synced()
    a.text.insert(0, 'x'.repeat(10_000))
    await a.synced()
    const b = await new Copy(two, 'chat').synced()
    expect(b.text.length).toBe(10_000)
    b.tell({ kind: 'close' })
    await b.find('closed', ({ code }) => code === REFUSAL.ENDED)
    a.text.insert(0, 'news')
    await a.synced()
    const before = two.traffic.receivedBytes
    const again = await Copy.again(two, 'chat', b).synced()
    expect(again.text.toString().startsWith('newsx')).toBe(true)
    expect(two.traffic.receivedBytes - before).toBeLessThan(200)
    expect(again.seq).toBe(a.seq)
    again.tell({ kind: 'close' })
    await again.find('closed')
    const third = await Copy.again(two, 'chat', again).synced()
    expect(third.said.filter(({ kind }) => kind === 'deliver')).toEqual([])
  })

  it('an exchange brings both sides level, and leaves no room behind', async () => {
    const at = await relayFor()
    const a = await deviceAt(at)
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'offline')
    const copy = await new Copy(a, 'chat', { mode: 'exchange', doc }).synced()
    copy.tell({ kind: 'close' })
    await copy.find('closed')
    const fetched = await new Copy(await deviceAt(at), 'chat', { mode: 'exchange' }).synced()
    expect(fetched.text.toString()).toBe('offline')
    fetched.tell({ kind: 'close' })
    await fetched.find('closed')
    expect(at.relay.metrics()).toContain('holdfast_rooms 0\n')
  })

  it('W4 a reader is told of edits; its own are stored nowhere and refused in an ack', async () => {
    const at = await relayFor()
    const writer = await new Copy(await deviceAt(at), 'chat').synced()
    writer.text.insert(0, 'a')
    await writer.synced()
    const reader = new Copy(await deviceAt(at, { token: await at.token('read') }), 'chat')
    await reader.find('level')
    expect(reader.text.toString()).toBe('a')
    const evil = new Y.Doc()
    evil.getText('text').insert(0, 'evil')
    const channel = 1
    const update = Y.encodeStateAsUpdate(evil)
    reader.device.force({ kind: 'message', channel, bytes: Uint8Array.of(0, 2, update.length, ...update) })
    // Its own machine knows nothing of it, so that the ack ends its connection; nothing is stored.
    await reader.device.lost()
    expect((await at.log.load({ space: 'default', document: 'chat' }))?.seq).toBe(writer.seq)
  })

  it('W5 a gap is asked about once; what stays without its base is refused and the good part is stored', async () => {
    const at = await relayFor()
    const copy = await new Copy(await deviceAt(at), 'chat').synced()
    const source = new Y.Doc()
    const updates: Uint8Array[] = []
    source.on('update', (update: Uint8Array) => updates.push(update))
    for (const letter of 'abc') source.getText('text').insert(0, letter)
    // The device has the third only: its answer to the resync has the gap too.
    Y.applyUpdate(copy.doc, updates[2]!, copy)
    copy.send(updates[2]!)
    await copy.synced()
    expect(copy.said.filter(({ kind }) => kind === 'resync')).toHaveLength(1)
    expect(copy.refused.map(({ code }) => code)).toEqual([REFUSAL.GAP, REFUSAL.GAP])
    expect((await at.log.load({ space: 'default', document: 'chat' }))?.updates ?? []).toEqual([])
    Y.applyUpdate(copy.doc, updates[0]!, copy)
    Y.applyUpdate(copy.doc, updates[1]!, copy)
    copy.send(Y.encodeStateAsUpdate(copy.doc))
    await copy.synced()
    expect(copy.refused).toHaveLength(2)
  })

  it('W10 a state is echoed to its window, and ends with its channel', async () => {
    const at = await relayFor()
    const [a, b] = [new Copy(await deviceAt(at), 'chat'), new Copy(await deviceAt(at), 'chat')]
    await Promise.all([a.synced(), b.synced()])
    const state = new TextEncoder().encode('{"name":"A"}')
    a.tell({ kind: 'awareness', awareness: Uint8Array.of(1, 7, 1, state.length, ...state) })
    await Promise.all([a.find('hear'), b.find('hear', ({ awareness }) => awareness.length > 10)])
    a.tell({ kind: 'close' })
    await b.find('hear', ({ awareness }) => Buffer.from(awareness).includes('null'))
  })
})

describe('the space', () => {
  it('a reconnect with nothing new is one round trip of less than 1 KB', async () => {
    const at = await relayFor()
    const a = await deviceAt(at)
    const copy = await new Copy(a, 'chat').synced()
    copy.text.insert(0, 'x')
    await copy.synced()
    await a.entry('chat', ({ seq }) => seq === copy.seq)
    a.close()
    const b = await deviceAt(at, { incarnation: a.incarnation, cursor: a.cursor })
    expect(b.sync.state).toMatchObject({ kind: 'open', head: b.cursor })
    expect([b.traffic.received, b.traffic.sent]).toEqual([1, 1])
    expect(b.traffic.receivedBytes + b.traffic.sentBytes).toBeLessThan(1024)
  })

  it('the feed comes in pages with summaries, and goes on live', async () => {
    const at = await relayFor()
    const update = Y.encodeStateAsUpdate(new Y.Doc())
    for (let i = 0; i < 1_200; i += 1) {
      void at.log.append({ space: 'default', document: `d${i}` }, update, { summary: Uint8Array.of(i % 256) })
    }
    await at.log.append({ space: 'default', document: 'last' }, update)
    const a = await deviceAt(at)
    await a.entry('last')
    expect(new Set(a.entries.map(({ document }) => document)).size).toBe(1_201)
    expect(a.entries.find(({ document }) => document === 'd300')?.summary).toEqual(Buffer.from([300 % 256]))
    await at.log.append({ space: 'default', document: 'live' }, update)
    await a.entry('live')
  })

  it('a summary follows on the first update of its document; it is in the feed', async () => {
    const at = await relayFor()
    const a = await deviceAt(at)
    const copy = new Copy(a, 'new')
    await copy.find('opened')
    copy.text.insert(0, 'x')
    const request = a.sync.summary('new', copy.epoch, Uint8Array.of(1, 2, 3))
    a.pump()
    expect(await a.answer(request)).toMatchObject({ kind: 'done' })
    const entry = await a.entry('new', ({ summary }) => summary !== null)
    expect([...entry.summary!]).toEqual([1, 2, 3])
  })

  it('a token that reaches one document opens no other, and sees no other in the feed', async () => {
    const at = await relayFor()
    await at.log.append({ space: 'default', document: 'other' }, Uint8Array.of(0, 0))
    await at.log.append({ space: 'default', document: 'mine' }, Uint8Array.of(0, 0))
    const a = await deviceAt(at, { token: await at.token('write', { documents: ['mine'] }) })
    const refused = await new Copy(a, 'other').find('refused')
    expect(refused.code).toBe(REFUSAL.FORBIDDEN)
    await a.entry('mine')
    expect(a.entries.map(({ document }) => document)).toEqual(['mine'])
    const summary = a.sync.summary('other', 'e', Uint8Array.of(1))
    const purge = a.sync.purge('other', 'e')
    a.pump()
    expect(await a.answer(summary)).toMatchObject({ kind: 'failed', code: REFUSAL.FORBIDDEN })
    expect(await a.answer(purge)).toMatchObject({ kind: 'failed', code: REFUSAL.FORBIDDEN })
  })

  it('W9 purging ends every channel of it, is in the feed, and that epoch stays refused; another begins anew', async () => {
    const at = await relayFor()
    const [a, b] = [await deviceAt(at), await deviceAt(at)]
    const mine = await new Copy(a, 'chat').synced()
    mine.text.insert(0, 'secret')
    await mine.synced()
    const theirs = await new Copy(b, 'chat').synced()
    const request = a.sync.purge('chat', mine.epoch)
    a.pump()
    expect(await a.answer(request)).toMatchObject({ kind: 'done' })
    for (const copy of [mine, theirs]) await copy.find('set-aside', ({ code }) => code === REFUSAL.EPOCH_PURGED)
    expect(await b.entry('chat', ({ purged }) => purged)).toMatchObject({ epoch: mine.epoch, seq: 0, summary: null })
    const again = await new Copy(b, 'chat', { doc: theirs.doc, epoch: theirs.epoch }).find('set-aside')
    expect(again).toMatchObject({ code: REFUSAL.EPOCH_PURGED, epoch: mine.epoch })
    const unknowing = await new Copy(b, 'chat').find('set-aside')
    expect(unknowing.code).toBe(REFUSAL.EPOCH_PURGED)
    const fresh = await new Copy(b, 'chat', { epoch: 'another' }).synced()
    fresh.text.insert(0, 'new')
    await fresh.synced()
    expect(await at.log.stat({ space: 'default', document: 'chat' })).toMatchObject({ kind: 'live', epoch: 'another' })
    const old = await new Copy(a, 'chat', { epoch: mine.epoch }).find('set-aside')
    expect(old.code).toBe(REFUSAL.EPOCH_PURGED)
    const lost = await new Copy(a, 'chat', { epoch: 'of-a-lost-history', seq: 1 }).synced()
    expect([lost.epoch, lost.text.toString()]).toEqual(['another', 'new'])
  })

  it('W9 a purge that is done under one epoch is done under another when it is asked for, and neither is taken again', async () => {
    const at = await relayFor()
    const [a, b] = [await deviceAt(at), await deviceAt(at)]
    const back = await new Copy(a, 'chat', { epoch: 'second' }).synced()
    back.text.insert(0, 'brought back')
    await back.synced()
    // Somebody has it open under the first, which nobody has asked to be gone yet.
    const purge = async (epoch: string) => {
      const request = a.sync.purge('chat', epoch)
      a.pump()
      return a.answer(request)
    }
    expect(await purge('second')).toMatchObject({ kind: 'done' })
    const early = new Copy(b, 'chat', { epoch: 'first' })
    await early.synced()
    expect(await purge('first')).toMatchObject({ kind: 'done' })
    early.text.insert(0, 'never')
    expect(await early.find('set-aside')).toMatchObject({ code: REFUSAL.EPOCH_PURGED })
    for (const epoch of ['first', 'second']) {
      const late = await new Copy(b, 'chat', { epoch }).find('set-aside')
      expect(late).toMatchObject({ code: REFUSAL.EPOCH_PURGED, epoch })
    }
    expect(await at.log.load({ space: 'default', document: 'chat' })).toBe(null)
    const fresh = await new Copy(b, 'chat', { epoch: 'third' }).synced()
    fresh.text.insert(0, 'new')
    await fresh.synced()
    // What was begun anew is not mixed with what was purged.
    const old = await new Copy(a, 'chat', { epoch: 'first', doc: back.doc }).find('set-aside')
    expect(old.code).toBe(REFUSAL.EPOCH_PURGED)
    expect(fresh.text.toString()).toBe('new')
  })

  it('Y12 where nothing is stored the first to come says the epoch, and the others go along', async () => {
    const at = await relayFor()
    const [a, b] = [await deviceAt(at), await deviceAt(at)]
    const knowing = await new Copy(a, 'chat', { epoch: 'known' }).synced()
    const other = await new Copy(b, 'chat', { epoch: 'other', seq: 7 }).synced()
    const unknowing = await new Copy(b, 'chat').synced()
    expect([knowing.epoch, other.epoch, unknowing.epoch]).toEqual(['known', 'known', 'known'])
    other.text.insert(0, 'x')
    await other.synced()
    expect(await at.log.stat({ space: 'default', document: 'chat' })).toMatchObject({ epoch: 'known', seq: 1 })
  })
})

describe('tokens', () => {
  it.each([
    ['wrong', 'nonsense', 'default', CLOSE.TOKEN_EXPIRED],
    ['of no space', null, 'nowhere', CLOSE.FORBIDDEN],
  ])('%s: the connection is closed with its code', async (_name, token, space, code) => {
    const at = await relayFor()
    const a = await deviceAt(at, { space, token: token ?? (await at.token()) })
    expect(a.sync.state).toMatchObject({ kind: 'refused', code })
  })

  it('only a good token learns that there is no such space', async () => {
    const at = await relayFor()
    const a = await deviceAt(at, { space: 'nowhere', token: await at.token('write', { spaces: '*' }) })
    expect(a.sync.state).toMatchObject({ kind: 'refused', code: CLOSE.NOT_FOUND })
  })

  it('renewed on the open connection: roles and reach change, and the channels with them', async () => {
    const at = await relayFor()
    const a = await deviceAt(at, { token: await at.token('write') })
    const [mine, other] = [await new Copy(a, 'mine').synced(), await new Copy(a, 'other').synced()]
    a.handle({ kind: 'token', token: await at.token('read', { documents: ['mine'] }) })
    const closed = await other.find('closed')
    expect(closed.code).toBe(REFUSAL.FORBIDDEN)
    expect(a.sync.state).toMatchObject({ kind: 'open', role: 'read' })
    mine.send(Y.encodeStateAsUpdate(docOf('x')))
    await mine.synced()
    expect(mine.refused.map(({ code }) => code)).toEqual([REFUSAL.READ_ONLY])
    a.handle({ kind: 'token', token: 'nonsense' })
    expect(await a.lost()).toMatchObject({ code: CLOSE.TOKEN_EXPIRED })
  })
})

function docOf(text: string): Y.Doc {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return doc
}
