import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ask, askHere, begin, expectRefusal, run, serve, temporaryFolder } from './command.ts'
import { fill, textsOf } from './content.ts'
import { connect, grown, leave, type Peer } from './peer.ts'

const WRITERS = 20

test('K5 while 20 write to a relay it is backed up, and restored with everything that anyone had seen', async () => {
  const [data, to] = [await temporaryFolder(), await temporaryFolder()]
  const { ready, end } = await serve(['--data', data])
  const names = Array.from({ length: WRITERS }, (_, i) => `chat-${i}`)
  const writers = await Promise.all(names.map((name) => connect(ready, name)))
  const watchers = await Promise.all(names.map((name) => connect(ready, name)))
  // Each writes on as soon as the other has seen what was before: what is shown is on the disk (W2).
  let going = true
  const write = ({ doc }: Peer, watcher: Peer): Promise<void> =>
    new Promise((resolve) => {
      const [own, seen] = [doc.getText('text'), watcher.doc.getText('text')]
      const next = (): void => {
        if (going) own.insert(own.length, `${own.length};`)
        else resolve()
      }
      seen.observe(next)
      next()
    })
  const writing = writers.map((writer, i) => write(writer, watchers[i]!))
  const targets: { target: string; seen: string[] }[] = []
  for (let n = 0; n < 2; n += 1) {
    await Promise.all(watchers.map(({ doc }) => grown(doc, (n + 1) * 200)))
    const seen = watchers.map(({ doc }) => doc.getText('text').toString())
    const made = await ask('backup', '--data', data, '--to', to)
    expect(made).toMatchObject({ number: n + 1, base: n === 0 ? null : 1, documents: WRITERS, damaged: [] })
    const target = join(await temporaryFolder(), 'data')
    await askHere('restore', '--from', to, '--data', target)
    targets.push({ target, seen })
  }
  expect(await ask('verify', '--data', data)).toMatchObject({ ok: true, documents: { documents: WRITERS } })
  going = false
  await Promise.all(writing)
  leave(...writers, ...watchers)
  expect((await end('SIGTERM')).code).toBe(0)
  for (const { target, seen } of targets) {
    const texts = await textsOf(target)
    for (const [i, name] of names.entries()) expect(texts[`default/${name}`]?.startsWith(seen[i]!)).toBe(true)
    expect(await askHere('verify', '--data', target)).toMatchObject({ ok: true })
  }
  expect(await askHere('verify', '--backup', to)).toMatchObject({ ok: true, backups: [1, 2] })
})

test('K5 the second backup copies only what is new, of a relay elsewhere by its address too', async () => {
  const [data, to, far] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()]
  await fill(data, 40, 2_000)
  const first = await ask('backup', '--data', data, '--to', to)
  const { ready, end } = await serve(['--data', data])
  expect(await ask('backup', '--from', ready.url, '--token', ready.token, '--to', far)).toMatchObject({
    base: null,
    newDocuments: 40,
  })
  const peer = await connect(ready, 'document-3')
  const watcher = await connect(ready, 'document-3')
  peer.doc.getText('text').insert(0, 'and this')
  await grown(watcher.doc, 2_008)
  const [second, again] = [
    await ask('backup', '--data', data, '--to', to),
    await ask('backup', '--from', ready.url, '--token', ready.token, '--to', far),
  ]
  for (const made of [second, again]) expect(made).toMatchObject({ number: 2, base: 1, documents: 40, newDocuments: 1 })
  expect(Number(second.newBytes)).toBeLessThan(Number(first.newBytes) / 20)
  leave(peer, watcher)
  await end('SIGTERM')
  const key = await readFile(join(data, 'key'), 'utf8')
  for (const [from, hasKey] of [
    [to, true],
    [far, false],
  ] as const) {
    const target = await temporaryFolder()
    await askHere('restore', '--from', from, '--data', target)
    expect(await textsOf(target)).toEqual(await textsOf(data))
    // Whoever has the key can make tokens: a token, however mighty, does not get it.
    const found = await readFile(join(target, 'key'), 'utf8').catch(() => null)
    expect(found).toBe(hasKey ? key : null)
  }
})

/** Resolves when the file is there; the file system is asked again as soon as it has answered. */
async function there(path: string): Promise<void> {
  for (;;) {
    if ((await stat(path).catch(() => null)) !== null) return
  }
}

test('K2 SIGINT in the middle of a backup leaves no half of one, and a relay that it was taken from goes on', async () => {
  const [data, to] = [await temporaryFolder(), join(await temporaryFolder(), 'backup')]
  await fill(data, 400, 40_000)
  const part = join(to, 'segments', '000001.seg.part')
  const interrupt = async (): Promise<void> => {
    const { child, ended } = begin(['backup', '--data', data, '--to', to])
    await there(part)
    child.kill('SIGINT')
    const { code, err, out } = await ended
    expect({ code, out }).toEqual({ code: 130, out: '' })
    expect(err).toMatch(/^holdfast: backup was interrupted; .*\n$/)
    expect(await readdir(join(to, 'segments'))).toEqual([])
    expect(await readdir(join(to, 'manifests'))).toEqual([])
  }
  await interrupt()
  const { ready, end } = await serve(['--data', data])
  await interrupt()
  expect(await ask('backup', '--data', data, '--to', to)).toMatchObject({ number: 1, newDocuments: 400 })
  expect((await fetch(`${ready.url}/healthz`)).status).toBe(200)
  await end('SIGTERM')
  expect((await readdir(data)).filter((name) => /^(lock|verify|restoring)/.test(name))).toEqual([])
  expect(await askHere('verify', '--backup', to)).toMatchObject({ ok: true, documents: 400 })
})

test('K6 of a damaged backup nothing is restored, and one line says which part', async () => {
  const [data, to, target] = [await temporaryFolder(), await temporaryFolder(), join(await temporaryFolder(), 'data')]
  await fill(data, 5, 500)
  await ask('backup', '--data', data, '--to', to)
  const segment = join(to, 'segments', '000001.seg')
  const bytes = await readFile(segment)
  bytes[bytes.length >> 1] = bytes[bytes.length >> 1]! ^ 1
  await writeFile(segment, bytes)
  await expectRefusal(
    ['restore', '--from', to, '--data', target],
    /Backup 1 .* is damaged: .*000001\.seg is damaged.*verify/,
  )
  await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
  const { code, err } = await run(['verify', '--backup', to])
  expect(code).toBe(1)
  expect(err).toMatch(/000001\.seg is damaged/)
})

test('K1 a restore into a folder with something in it, or that is in use, changes nothing', async () => {
  const [data, to, target] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()]
  await fill(data, 2, 100)
  await ask('backup', '--data', data, '--to', to)
  await fill(target, 1, 50)
  const before = await textsOf(target)
  await expectRefusal(['restore', '--from', to, '--data', target], /is not empty.*--replace/)
  const { end } = await serve(['--data', target])
  await expectRefusal(['restore', '--from', to, '--data', target, '--replace'], /Another process has .* open/)
  await end('SIGTERM')
  expect(await textsOf(target)).toEqual(before)
  const { aside } = await ask('restore', '--from', to, '--data', target, '--replace')
  expect(await textsOf(target)).toEqual(await textsOf(data))
  expect(await textsOf(String(aside))).toEqual(before)
})
