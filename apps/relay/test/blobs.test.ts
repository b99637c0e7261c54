import { createHash } from 'node:crypto'
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { serve, temporaryFolder } from './command.ts'

const picture = new Uint8Array(200_000).map((_, i) => (i * 7) % 251)
const hash = createHash('sha256').update(picture).digest('hex')

interface Ready {
  readonly url: string
  readonly token: string
}

const ask = (ready: Ready, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${ready.url}/blobs/default${path}`, {
    ...init,
    headers: { authorization: `Bearer ${ready.token}`, 'content-type': 'image/png', ...init.headers },
  })

const incarnationOf = async ({ url }: Ready): Promise<unknown> =>
  (await (await fetch(`${url}/readyz`)).json()).incarnation

test('what was answered is there with its reference after kill -9; a lost reference is told to clients by another incarnation', async () => {
  const data = await temporaryFolder()
  const first = await serve(['--data', data])
  const put = await ask(first.ready, `/${hash}?document=a`, { method: 'PUT', body: picture })
  expect(put.status).toBe(201)
  const incarnation = await incarnationOf(first.ready)
  await first.end('SIGKILL')

  const second = await serve(['--data', data])
  expect(await incarnationOf(second.ready)).toBe(incarnation)
  const part = await ask(second.ready, `/${hash}`, { headers: { range: 'bytes=-10' } })
  expect([part.status, [...new Uint8Array(await part.arrayBuffer())]]).toEqual([206, [...picture.slice(-10)]])
  await second.end('SIGTERM')

  const [space = ''] = (await readdir(join(data, 'blobs'))).filter((name) => name.length === 32)
  const references = join(data, 'blobs', space, 'references')
  await appendFile(references, '+ half a li')
  const third = await serve(['--data', data])
  expect(await incarnationOf(third.ready)).toBe(incarnation)
  await third.end('SIGTERM')

  await writeFile(references, (await readFile(references, 'latin1')).replace('+ a', '+ b'), 'latin1')
  const fourth = await serve(['--data', data])
  expect(fourth.said().err).toContain('blob-references-lost')
  const renewed = await incarnationOf(fourth.ready)
  expect(renewed).not.toBe(incarnation)
  expect((await ask(fourth.ready, `/${hash}`)).status).toBe(200)
  await fourth.end('SIGTERM')

  await rm(join(data, 'blobs'), { recursive: true })
  const fifth = await serve(['--data', data])
  expect(fifth.said().err).toContain('blob-references-lost')
  expect(await incarnationOf(fifth.ready)).not.toBe(renewed)
  expect(await (await ask(fifth.ready, '')).json()).toEqual({ count: 0, bytes: 0 })
  await fifth.end('SIGTERM')
})
