import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type VirtualClock, virtualClock } from '@holdfast/testkit'
import type { BlobStore } from '@holdfast/update-log'
import { createMemoryBlobs, openDiskBlobs } from '@holdfast/update-log/blobs'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { ADMIN, type RunningRelay } from '../helpers.ts'
import { relayFor, stopRelay } from '../sync/house.ts'
import { type Answer, ask, hashOf, image, pathOf, put } from './ask.ts'

const HOUR = 3_600_000
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-blobs-'))
  folders.push(directory)
  return directory
}

const update = (): Uint8Array => {
  const doc = new Y.Doc()
  doc.getMap('meta').set('title', 'a conversation')
  return Y.encodeStateAsUpdate(doc)
}

const jsonOf = (answer: Answer): unknown => JSON.parse(String(answer.body))

const refer = (at: RunningRelay, document: string, blobs: readonly string[], token?: string) =>
  ask(at, 'POST', `/blobs/default?document=${document}`, {
    body: new TextEncoder().encode(JSON.stringify({ blobs })),
    ...(token === undefined ? {} : { token }),
  })

const putFor = (at: RunningRelay, bytes: Uint8Array, document: string) =>
  ask(at, 'PUT', `${pathOf(bytes)}?document=${document}`, { body: bytes, headers: { 'content-type': 'image/png' } })

const statusOf = async (at: RunningRelay, bytes: Uint8Array): Promise<number> =>
  (await ask(at, 'HEAD', pathOf(bytes))).status

/** Lets time pass until something was swept. */
async function swept(at: RunningRelay, clock: VirtualClock, ms: number): Promise<void> {
  const known = at.events.length
  while (!at.events.slice(known).some(({ event }) => event === 'blobs-swept')) {
    clock.advance(ms)
    ms = HOUR
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe.each([
  ['memory', async (now: () => number) => createMemoryBlobs({ now })],
  ['disk', async (now: () => number) => openDiskBlobs(await folder(), { now })],
] as [string, (now: () => number) => Promise<BlobStore>][])('references, in %s', (_name, make) => {
  it('BL1 a blob stays as long as one of the documents that refer to it, and a day longer', async () => {
    const clock = virtualClock()
    const log = createMemoryLog()
    const at = await relayFor({ log, clock, blobs: await make(clock.now) })
    const other = image.subarray(0, 5_000)
    for (const document of ['a', 'b', 'c']) await log.append({ space: 'default', document }, update())
    expect((await putFor(at, image, 'a')).status).toBe(201)
    expect((await putFor(at, other, 'a')).status).toBe(201)
    expect(jsonOf(await refer(at, 'b', [hashOf(image), '0'.repeat(64)]))).toMatchObject({ missing: ['0'.repeat(64)] })
    await log.purge({ space: 'default', document: 'a' })
    await swept(at, clock, 24 * HOUR)
    expect([await statusOf(at, image), await statusOf(at, other)]).toEqual([200, 404])
    await log.purge({ space: 'default', document: 'b' })
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(23 * HOUR)
    // A device that was away refers to it just in time.
    expect(jsonOf(await refer(at, 'c', [hashOf(image)]))).toMatchObject({ missing: [] })
    clock.advance(48 * HOUR)
    await new Promise((resolve) => setImmediate(resolve))
    expect(await statusOf(at, image)).toBe(200)
    await log.purge({ space: 'default', document: 'c' })
    await swept(at, clock, 24 * HOUR)
    expect(await statusOf(at, image)).toBe(404)
  })

  it('BL2 what is referred to and not there is wanted, and told only to those who may see the document', async () => {
    const at = await relayFor({ blobs: await make(Date.now) })
    const hash = hashOf(image)
    await refer(at, 'a', [hash])
    const wanted = async (token?: string) =>
      jsonOf(await ask(at, 'GET', '/blobs/default?wanted', token === undefined ? {} : { token }))
    expect(await wanted()).toMatchObject({ wanted: [hash] })
    expect(await wanted(await at.token('write', { documents: ['a'] }))).toMatchObject({ wanted: [hash] })
    expect(await wanted(await at.token('write', { documents: ['b'] }))).toMatchObject({ wanted: [] })
    await put(at, image)
    expect(await wanted()).toMatchObject({ wanted: [] })
    const many = Array.from({ length: 1_500 }, (_, i) => i.toString(16).padStart(64, '0'))
    await refer(at, 'many', many.toReversed())
    expect(await wanted()).toMatchObject({ wanted: many.slice(0, 1_000) })
    const rest = jsonOf(await ask(at, 'GET', `/blobs/default?wanted&after=${many[999]}`))
    expect(rest).toMatchObject({ wanted: many.slice(1_000) })
  })

  it('BL9 each answer says how much was told, and whether all that was told before is known', async () => {
    const at = await relayFor({ blobs: await make(Date.now) })
    const tell = async (hashes: readonly string[], tally: string) => {
      const body = new TextEncoder().encode(JSON.stringify({ blobs: hashes }))
      return jsonOf(await ask(at, 'POST', `/blobs/default?document=a${tally}`, { body }))
    }
    const asked = async (tally: string) => jsonOf(await ask(at, 'GET', `/blobs/default?wanted${tally}`))
    const one = await tell(['1'.repeat(64)], '')
    expect(one).toEqual({ missing: ['1'.repeat(64)], tally: expect.stringMatching(/^[0-9a-z]+\.1$/), holds: true })
    const point = (one as { tally: string }).tally
    expect(await tell(['2'.repeat(64)], `&tally=${point}`)).toMatchObject({ holds: true })
    expect(await asked('')).toMatchObject({ holds: true })
    expect(await asked(`&tally=${point}`)).toMatchObject({ holds: true })
    for (const other of [`${point}0`, 'none', '%00']) {
      expect(await asked(`&tally=${other}`)).toMatchObject({ holds: false })
      expect(await tell(['1'.repeat(64)], `&tally=${other}`)).toMatchObject({ holds: false })
    }
  })

  it('BL3 a document that was purged refers to nothing any more', async () => {
    const log = createMemoryLog()
    const blobs = await make(Date.now)
    const at = await relayFor({ log, blobs })
    await log.append({ space: 'default', document: 'a' }, update())
    await log.purge({ space: 'default', document: 'a' })
    expect(await refer(at, 'a', [hashOf(image)])).toMatchObject({ status: 410, code: 'DOCUMENT_PURGED' })
    expect(await putFor(at, image, 'a')).toMatchObject({ status: 410, code: 'DOCUMENT_PURGED' })
    expect(await blobs.references('default')).toEqual([])
    expect(await blobs.totals('default')).toEqual({ count: 0, bytes: 0 })
  })

  it('BL4 a purge that was not noticed before a crash is noticed at the next start', async () => {
    const clock = virtualClock()
    const log = createMemoryLog()
    const blobs = await make(clock.now)
    const first = await relayFor({ log, clock, blobs })
    await log.append({ space: 'default', document: 'a' }, update())
    await putFor(first, image, 'a')
    await stopRelay(first)
    await log.purge({ space: 'default', document: 'a' })
    const again = await relayFor({ log, clock, blobs })
    await swept(again, clock, 24 * HOUR)
    expect(await statusOf(again, image)).toBe(404)
  })

  it('BL5 bad input: no document, no list, no hash, too long, a token that may not; nothing is kept', async () => {
    const blobs = await make(Date.now)
    const at = await relayFor({ blobs })
    const bad = { status: 400, code: 'BLOB_REFERENCES' }
    expect(await refer(at, 'a', ['x'])).toMatchObject(bad)
    const raw = (path: string, body: string) => ask(at, 'POST', path, { body: new TextEncoder().encode(body) })
    expect(await raw('/blobs/default', '{"blobs":[]}')).toMatchObject(bad)
    expect(await raw('/blobs/default?document=a', '{"blobs":')).toMatchObject(bad)
    expect(await raw('/blobs/default?document=a', '[]')).toMatchObject(bad)
    expect(await raw('/blobs/default?document=a', `{"blobs":["${'0'.repeat(1024 * 1024)}"]}`)).toMatchObject(bad)
    expect(await raw('/blobs/default?document=..', '{"blobs":[]}')).toMatchObject({ status: 404, code: 'BAD_NAME' })
    const hashes = (from: number) => Array.from({ length: 6_000 }, (_, i) => (from + i).toString(16).padStart(64, '0'))
    expect((await refer(at, 'many', hashes(0))).status).toBe(200)
    expect(await refer(at, 'many', hashes(6_000))).toMatchObject({ status: 413, code: 'TOO_MANY_REFERENCES' })
    const reader = await at.token('read')
    expect(await refer(at, 'a', [hashOf(image)], reader)).toMatchObject({ status: 403, code: 'READ_ONLY' })
    const scoped = await at.token('write', { documents: ['b'] })
    expect(await refer(at, 'a', [hashOf(image)], scoped)).toMatchObject({ status: 403, code: 'FORBIDDEN' })
    expect((await blobs.references('default')).map(({ document }) => document)).toEqual(['many'])
  })

  it('BL6 what no document refers to stays until an admin asks, and only if it is older than a day', async () => {
    let time = Date.now() + 10 * HOUR
    const at = await relayFor({ blobs: await make(() => time) })
    await put(at, image)
    expect(await ask(at, 'DELETE', '/blobs/default')).toMatchObject({ status: 403, code: 'ADMINS_ONLY' })
    const collect = async () => jsonOf(await ask(at, 'DELETE', '/blobs/default', { token: ADMIN }))
    expect(await collect()).toEqual({ count: 0, bytes: 0 })
    time += 40 * HOUR
    expect(await collect()).toEqual({ count: 1, bytes: image.length })
  })

  it('BL7 a space that is full takes no more bytes, but references; what its log has counts too', async () => {
    const clock = virtualClock()
    const log = createMemoryLog()
    const blobs = await make(clock.now)
    const at = await relayFor({ log, clock, blobs, limits: { spaceQuota: 250_000 } })
    await putFor(at, image, 'a')
    const more = image.subarray(0, 60_000)
    const refused = await putFor(at, more, 'a')
    expect(refused).toMatchObject({ status: 507, code: 'SPACE_FULL' })
    expect(String(refused.body)).toContain('more room')
    expect(await blobs.totals('default')).toEqual({ count: 1, bytes: image.length })
    expect((await blobs.references('default')).flatMap(({ hashes }) => hashes)).toEqual([hashOf(image)])
    expect((await putFor(at, image, 'b')).status).toBe(200)
    // One that is still sending when it is refused gets the answer too, and may go on with the same connection.
    const big = new Uint8Array(20_000_000).fill(7)
    expect(await putFor(at, big, 'a')).toMatchObject({ status: 507, code: 'SPACE_FULL' })
    expect((await putFor(at, big, 'a')).headers.connection).not.toBe('close')
    const fits = image.subarray(0, 20_000)
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'x'.repeat(40_000))
    await log.append({ space: 'default', document: 'a' }, Y.encodeStateAsUpdate(doc))
    clock.advance(11_000)
    expect(await putFor(at, fits, 'a')).toMatchObject({ status: 507, code: 'SPACE_FULL' })
    await log.purge({ space: 'default', document: 'a' })
    clock.advance(11_000)
    expect((await putFor(at, fits, 'c')).status).toBe(201)
  })
})

it('BL8 a blob that rots on the disk is refused, is wanted, and is whole again when somebody brings it', async () => {
  const directory = await folder()
  const at = await relayFor({ blobs: await openDiskBlobs(directory) })
  const damage = async (position: number): Promise<void> => {
    const [space = ''] = (await readdir(directory)).filter((name) => name.length === 32)
    const file = await open(join(directory, space, hashOf(image).slice(0, 2), hashOf(image)), 'r+')
    await file.write(Uint8Array.of(0xee), 0, 1, position)
    await file.close()
  }
  const wanted = async () => jsonOf(await ask(at, 'GET', '/blobs/default?wanted'))
  // In the part that is asked for: an answer.
  await putFor(at, image, 'a')
  await damage(512 + 70_000)
  const ranged = await ask(at, 'GET', pathOf(image), { headers: { range: 'bytes=66000-66010' } })
  expect(ranged).toMatchObject({ status: 404, code: 'BLOB_DAMAGED' })
  expect(await wanted()).toMatchObject({ wanted: [hashOf(image)] })
  expect((await ask(at, 'GET', pathOf(image))).code).toBe('BLOB_NOT_FOUND')
  // Behind the first part: the connection ends, and nothing of what is damaged has come.
  expect((await putFor(at, image, 'a')).status).toBe(201)
  await damage(512 + 150_000)
  await expect(ask(at, 'GET', pathOf(image))).rejects.toThrow()
  expect((await ask(at, 'GET', pathOf(image))).code).toBe('BLOB_NOT_FOUND')
  expect((await putFor(at, image, 'a')).status).toBe(201)
  const given = await ask(at, 'GET', pathOf(image))
  expect(Buffer.compare(given.body, image)).toBe(0)
})
