import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { BlobStore } from '@holdfast/update-log'
import { createMemoryBlobs, openDiskBlobs } from '@holdfast/update-log/blobs'
import { afterEach, describe, expect, it } from 'vitest'
import { ADMIN } from '../helpers.ts'
import { relayFor } from '../sync/house.ts'
import { ask, hashOf, image, pathOf, put } from './ask.ts'

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function disk(): Promise<BlobStore> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-blobs-'))
  folders.push(directory)
  return openDiskBlobs(directory)
}

describe.each([
  ['memory', async () => createMemoryBlobs()],
  ['disk', disk],
] as [string, () => Promise<BlobStore>][])('blobs, in %s', (_name, open) => {
  it('are put once and given whole, as they were, with headers under which nothing runs', async () => {
    const at = await relayFor({ blobs: await open() })
    expect((await put(at, image)).status).toBe(201)
    expect((await put(at, image)).status).toBe(200)
    const given = await ask(at, 'GET', pathOf(image))
    expect(given.status).toBe(200)
    expect(Buffer.compare(given.body, image)).toBe(0)
    expect(given.headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': '200000',
      etag: `"${hashOf(image)}"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': 'inline',
      'accept-ranges': 'bytes',
    })
    const head = await ask(at, 'HEAD', pathOf(image))
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '200000', 0])
    expect((await ask(at, 'GET', pathOf(image), { headers: { 'if-none-match': given.headers.etag! } })).status).toBe(
      304,
    )
    const text = new TextEncoder().encode('<script>')
    await put(at, text, 'text/plain; charset=utf-8')
    expect((await ask(at, 'GET', pathOf(text))).headers).toMatchObject({
      'content-type': 'text/plain',
      'content-disposition': expect.stringContaining('attachment'),
    })
    const totals = await ask(at, 'GET', '/blobs/default')
    expect(JSON.parse(String(totals.body))).toEqual({ count: 2, bytes: 200_008 })
  })

  it('R2 an upload that neither ends nor goes on is refused in time, and nothing of it is kept', async () => {
    const at = await relayFor({ blobs: await open(), limits: { unfinishedFor: 150 } })
    const token = await at.token()
    // In a body whose length is known, and in one that says its end itself; one that a refusal waits for, too.
    for (const [length, type] of [
      [{ 'content-length': String(image.length) }, 'image/png'],
      [{ 'transfer-encoding': 'chunked' }, 'image/png'],
      [{ 'content-length': String(image.length) }, 'no type'],
    ] as const) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': type, ...length }
      const request = httpRequest({ port: at.port, host: '127.0.0.1', path: pathOf(image), method: 'PUT', headers })
      const answered = new Promise<IncomingMessage>((resolve, reject) => {
        request.on('response', resolve)
        request.on('error', reject)
      })
      request.write(image.subarray(0, 1_000))
      const response = await answered
      const { error } = (await json(response)) as { error: { code: string; message: string } }
      if (type === 'no type') expect([response.statusCode, error.code]).toEqual([415, 'BLOB_TYPE'])
      else {
        expect([response.statusCode, error.code]).toEqual([408, 'TOO_SLOW'])
        expect(error.message).toMatch(/16 KiB.*Nothing was kept; send it again/)
      }
      expect(response.headers.connection).toBe('close')
      request.destroy()
    }
    expect(JSON.parse(String((await ask(at, 'GET', '/blobs/default')).body))).toEqual({ count: 0, bytes: 0 })
    const metrics = String((await ask(at, 'GET', '/metrics', { token: ADMIN })).body)
    expect(metrics).toMatch(/refus\w*\{[^}]*TOO_SLOW[^}]*\} 2/)
    // The connection's next client has all the time that it needs.
    expect((await put(at, image)).status).toBe(201)
  })

  it.each([
    ['bytes=0-9', 206, 'bytes 0-9/200000', 0, 10],
    ['bytes=199990-', 206, 'bytes 199990-199999/200000', 199_990, 200_000],
    ['Bytes=0-0', 206, 'bytes 0-0/200000', 0, 1],
    ['bytes=-5', 206, 'bytes 199995-199999/200000', 199_995, 200_000],
    ['bytes=100000-999999999', 206, 'bytes 100000-199999/200000', 100_000, 200_000],
    ['bytes=0-1,5-6', 200, undefined, 0, 200_000],
    ['lines=1-2', 200, undefined, 0, 200_000],
    ['bytes=9-1', 200, undefined, 0, 200_000],
  ])('range %s', async (range, status, contentRange, from, to) => {
    const at = await relayFor({ blobs: await open() })
    await put(at, image)
    const given = await ask(at, 'GET', pathOf(image), { headers: { range } })
    expect([given.status, given.headers['content-range']]).toEqual([status, contentRange])
    expect(Buffer.compare(given.body, image.subarray(from, to))).toBe(0)
  })

  it('a range beyond the end is refused; one of another version is as if not asked', async () => {
    const at = await relayFor({ blobs: await open() })
    await put(at, image)
    const beyond = await ask(at, 'GET', pathOf(image), { headers: { range: 'bytes=200000-' } })
    expect([beyond.status, beyond.code, beyond.headers['content-range']]).toEqual([416, 'BLOB_RANGE', 'bytes */200000'])
    const ranged = async (ifRange: string) =>
      (await ask(at, 'GET', pathOf(image), { headers: { range: 'bytes=0-9', 'if-range': ifRange } })).status
    expect(await ranged('"other"')).toBe(200)
    expect(await ranged(new Date().toUTCString())).toBe(200)
    expect(await ranged(`W/"${hashOf(image)}"`)).toBe(200)
    expect(await ranged(`"${hashOf(image)}"`)).toBe(206)
    const head = await ask(at, 'HEAD', pathOf(image), { headers: { range: 'bytes=0-9' } })
    expect([head.status, head.headers['content-length']]).toEqual([200, '200000'])
    const suffix = await ask(at, 'GET', pathOf(image), { headers: { range: 'bytes=-0' } })
    expect([suffix.status, suffix.code]).toEqual([416, 'BLOB_RANGE'])
  })

  it('bad input: wrong hash, too big, forbidden type, no name; nothing is kept', async () => {
    const blobs = await open()
    const at = await relayFor({ blobs, limits: { blobBytes: 100_000 } })
    const small = image.subarray(0, 1_000)
    const typed = { 'content-type': 'image/png' }
    const wrong = await ask(at, 'PUT', pathOf(image), { body: small, headers: typed })
    expect([wrong.status, wrong.code]).toEqual([422, 'BLOB_HASH'])
    const big = await put(at, image)
    expect([big.status, big.code]).toEqual([413, 'BLOB_TOO_LARGE'])
    for (const type of [
      'text/html',
      'application/javascript',
      'image/svg',
      'application/xhtml+xml',
      'text/xml',
      'nonsense',
      'application/vnd.x+xml',
    ]) {
      const refused = await put(at, small, type)
      expect([type, refused.status, refused.code]).toEqual([type, 415, 'BLOB_TYPE'])
    }
    const encoded = await put(at, small, 'image/png', { headers: { 'content-encoding': 'gzip' } })
    expect([encoded.status, encoded.code]).toEqual([415, 'BLOB_ENCODED'])
    for (const path of ['/blobs/default/abc', `/blobs/default/${'A'.repeat(64)}`, '/blobs/default/..%2f']) {
      expect([path, (await ask(at, 'PUT', path, { body: small, headers: typed })).status]).toEqual([path, 404])
    }
    expect((await ask(at, 'GET', pathOf(image))).code).toBe('BLOB_NOT_FOUND')
    expect((await ask(at, 'PUT', '/blobs/default', { body: small })).status).toBe(404)
    expect((await ask(at, 'POST', pathOf(small), { body: small })).status).toBe(404)
    expect(await blobs.totals('default')).toEqual({ count: 0, bytes: 0 })
  })

  it('a body without a length that grows over the limit is cut off, and nothing is kept', async () => {
    const blobs = await open()
    const at = await relayFor({ blobs, limits: { blobBytes: 100_000 } })
    const answer = ask(at, 'PUT', pathOf(image), {
      body: image,
      headers: { 'content-type': 'image/png', 'transfer-encoding': 'chunked' },
    })
    expect(await answer).toMatchObject({ status: 413, code: 'BLOB_TOO_LARGE' })
    expect(await blobs.totals('default')).toEqual({ count: 0, bytes: 0 })
  })

  it('who may: readers read, writers put, admins remove, and each only in their spaces', async () => {
    const at = await relayFor({ blobs: await open() })
    const reader = await at.token('read')
    expect(await put(at, image, 'image/png', { token: reader })).toMatchObject({ status: 403, code: 'READ_ONLY' })
    await put(at, image)
    expect((await ask(at, 'GET', pathOf(image), { token: reader })).status).toBe(200)
    expect(await ask(at, 'GET', pathOf(image), { token: null })).toMatchObject({ status: 401, code: 'NO_TOKEN' })
    expect(await ask(at, 'GET', pathOf(image), { token: 'x' })).toMatchObject({ status: 401, code: 'BAD_TOKEN' })
    expect(await ask(at, 'GET', pathOf(image, 'team'))).toMatchObject({ status: 404, code: 'BLOB_NOT_FOUND' })
    const elsewhere = await at.token('write', { spaces: ['team'] })
    expect(await ask(at, 'GET', pathOf(image), { token: elsewhere })).toMatchObject({ status: 403, code: 'FORBIDDEN' })
    expect(await ask(at, 'DELETE', pathOf(image))).toMatchObject({ status: 403, code: 'ADMINS_ONLY' })
    expect((await ask(at, 'DELETE', pathOf(image), { token: ADMIN })).status).toBe(204)
    expect((await ask(at, 'DELETE', pathOf(image), { token: ADMIN })).status).toBe(404)
  })

  it('conditions hold, and pages of an allowed origin may use it', async () => {
    const at = await relayFor({ blobs: await open(), allowOrigins: ['https://chat.example'] })
    const conditional = { headers: { 'if-none-match': '*' } }
    expect((await put(at, image, 'image/png', { headers: { 'if-match': '*' } })).code).toBe('BLOB_ABSENT')
    expect((await put(at, image, 'image/png', conditional)).status).toBe(201)
    expect(await put(at, image, 'image/png', conditional)).toMatchObject({ status: 412, code: 'BLOB_EXISTS' })
    const preflight = await ask(at, 'OPTIONS', pathOf(image), {
      token: null,
      headers: { origin: 'https://chat.example' },
    })
    expect(preflight.headers).toMatchObject({
      'access-control-allow-methods': 'GET, HEAD, PUT, POST, DELETE',
      'access-control-allow-headers': expect.stringContaining('range'),
      'access-control-allow-origin': 'https://chat.example',
    })
    const foreign = await ask(at, 'GET', pathOf(image), { headers: { origin: 'https://evil.example' } })
    expect(foreign).toMatchObject({ status: 403, code: 'FOREIGN_ORIGIN' })
  })
})

it('without a blob store there is nothing at /blobs', async () => {
  const at = await relayFor()
  expect((await ask(at, 'GET', pathOf(image))).status).toBe(404)
})
