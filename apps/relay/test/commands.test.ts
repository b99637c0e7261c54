import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseCommand } from '../src/arguments.ts'
import { COMMANDS } from '../src/commands.ts'
import { nearest } from '../src/flags.ts'
import { ask, askHere, expectRefusal, expectRefusalHere, run, runHere, serve, temporaryFolder } from './command.ts'
import { fill, textsOf } from './content.ts'
import { connect, grown, leave } from './peer.ts'

/** Of each command, flags with which it would run if the folder were good. */
const RUN: Readonly<Record<string, (data: string, other: string) => string[]>> = {
  stats: (data) => ['stats', '--data', data],
  backup: (data, other) => ['backup', '--data', data, '--to', join(other, 'backup')],
  restore: (data, other) => ['restore', '--from', data, '--data', join(other, 'data')],
  verify: (data) => ['verify', '--data', data],
  repair: (data) => ['repair', '--data', data],
  compact: (data) => ['compact', '--data', data],
  purge: (data) => ['purge', 'default', 'one', '--yes', '--data', data],
  'token create': (data) => ['token', 'create', '--data', data],
  'token list': (data) => ['token', 'list', '--data', data],
  'token revoke': (data) => ['token', 'revoke', 'id', '--data', data],
}

test('K1 each command with a folder that is not there is one line, and makes nothing', async () => {
  const other = await temporaryFolder()
  const missing = join(other, 'missing')
  for (const args of Object.values(RUN))
    await expectRefusalHere(args(missing, other), /There is no (data folder|backup) at .*--/)
  expect(await readdir(other)).toEqual([])
})

test('K1 each command with a folder of a newer version is one line, and changes nothing', async () => {
  const [data, other] = [await temporaryFolder(), await temporaryFolder()]
  await writeFile(join(data, 'format'), '{"holdfast":"update-log","version":99}\n')
  for (const name of ['stats', 'backup', 'verify', 'repair', 'compact', 'purge']) {
    await expectRefusalHere(RUN[name]!(data, other), /newer version.*Install the newer/)
  }
  expect(await readdir(data)).toEqual(['format'])
  expect(await readdir(other)).toEqual([])
})

test('each command says what a wrong flag was probably meant to be, and has a help', async () => {
  for (const { name, flags } of COMMANDS) {
    const words = name.split(' ')
    const help = parseCommand([...words, '--help'], {})
    for (const flag of Object.keys(flags)) expect(help).toMatchObject({ text: expect.stringContaining(`--${flag}`) })
    const meant = new RegExp(`'--dataa'; did you mean '--data'\\?.*${name} --help`)
    expect(() => parseCommand([...words, '--dataa', 'x'], {})).toThrow(meant)
  }
  expect((await run(['help', 'token'])).out).toContain('holdfast token revoke ID')
  await expectRefusal(['backup', '--dataa', 'x'], /'--dataa'; did you mean '--data'\?.*backup --help/)
  await expectRefusalHere(['bakup'], /no command "bakup".*"backup"/)
  await expectRefusalHere(['backup'], /--to is needed/)
  const bad: [string[], RegExp][] = [
    [['token', 'make'], /create, list, revoke/],
    [['serve', '--log', 'xml'], /--log is json or text/],
    [['serve', '--log-level', 'loud'], /--log-level is error, warn, info, debug/],
    [['stats', 'extra'], /'extra'.*stats --help/],
  ]
  for (const [args, line] of bad) expect(() => parseCommand(args, {})).toThrow(line)
  await expectRefusalHere(['backup', '--to', 'x', '--keep', '0'], /--keep is a number from 1/)
  await expectRefusalHere(['backup', '--to', 'x', '--from', 'http://127.0.0.1:1'], /--token/)
  await expectRefusalHere(['purge', 'default'], /a space and a document/)
  await expectRefusalHere(['doctor', '--url', 'ftp://a.example'], /--url/)
  expect(nearest('nothing-like-it', ['data', 'to'])).toBeNull()
})

test('K1 a relay elsewhere that cannot be reached, or says no, is one line', async () => {
  const to = join(await temporaryFolder(), 'backup')
  await expectRefusalHere(['backup', '--from', 'http://127.0.0.1:1', '--token', 'x', '--to', to], /cannot be reached/)
  const { ready } = await serve(['--data', await temporaryFolder()])
  await expectRefusalHere(
    ['backup', '--from', ready.url, '--token', 'wrong', '--to', to],
    /says no \(401\).*role admin/,
  )
  const { token } = await askHere('token', 'create', '--data', ready.data, '--role', 'write')
  await expectRefusalHere(
    ['backup', '--from', ready.url, '--token', String(token), '--to', to],
    /says no \(403\).*role admin/,
  )
})

for (const served of [true, false]) {
  test(`stats, compact and purge, ${served ? 'through the relay that serves the folder' : 'of a folder that none serves'}`, async () => {
    const data = await temporaryFolder()
    await fill(data, 3, 400)
    const running = served ? await serve(['--data', data]) : null
    if (running !== null) {
      const peers = [await connect(running.ready, 'document-0'), await connect(running.ready, 'document-0')] as const
      peers[0].doc.getText('text').insert(0, 'more')
      await grown(peers[1].doc, 404)
      leave(...peers)
    }
    const before = await ask('stats', '--data', data)
    expect(before.spaces).toMatchObject([{ space: 'default', documents: 3, purged: 0, updates: served ? 4 : 3 }])
    expect(before.largest).toMatchObject([{ space: 'default' }, {}, {}])
    const compacted = await askHere('compact', '--data', data, 'default', 'document-0')
    expect(compacted).toMatchObject({ compacted: 1, failed: [] })
    const purge = ['purge', 'default', 'document-0', '--data', data]
    await expectRefusalHere(purge, /--yes/)
    expect(await askHere(...purge, '--yes')).toMatchObject({ removed: true })
    expect(await askHere(...purge, '--yes')).toMatchObject({ removed: false })
    await expectRefusalHere(['purge', 'default', 'none', '--yes', '--data', data], /no document default\/none/)
    expect((await runHere(['stats', '--data', data])).out).toMatch(/^default +2 +1 /m)
    if (running !== null) expect((await running.end('SIGTERM')).code).toBe(0)
    expect(Object.keys(await textsOf(data)).sort()).toEqual(['default/document-1', 'default/document-2'])
  })
}

test('stats names what it cannot look at, and does not take it for nothing', async () => {
  const data = await temporaryFolder()
  await fill(data, 1, 100)
  // Even root cannot follow a link to itself.
  await symlink('loop', join(data, 'log', 'loop'))
  const { disk } = (await askHere('stats', '--data', data)) as { disk: { log: number; unseen: string[] } }
  expect(disk.log).toBeGreaterThan(0)
  expect(disk.unseen).toEqual([`${join(data, 'log', 'loop')} (ELOOP)`])
  expect((await runHere(['stats', '--data', data])).out).toMatch(/Not counted, because it cannot be looked at: .*loop/)
})

test('a token is made, listed and revoked beside a relay that serves, which cuts its connections', async () => {
  const data = await temporaryFolder()
  const { ready, said } = await serve(['--data', data])
  const made = await askHere(
    'token',
    'create',
    '--data',
    data,
    '--role',
    'read',
    '--space',
    'default',
    '--document',
    'a',
    '--name',
    'for Ada',
  )
  const token = String(made.token)
  const allowed = await fetch(`${ready.url}/access/default`, { headers: { authorization: `Bearer ${token}` } })
  expect(await allowed.json()).toMatchObject({ role: 'read', documents: ['a'] })
  const listed = await runHere(['token', 'list', '--data', data])
  expect(listed.out).toContain('for Ada')
  expect(listed.out).not.toContain(token)
  const peer = await connect({ ...ready, token }, 'a')
  const cut = new Promise<number>((resolve) => {
    peer.provider.on('connection-close', (event: { code: number } | null) => resolve(event?.code ?? 0))
  })
  expect(await ask('token', 'revoke', String(made.id), '--data', data)).toMatchObject({ revoked: true, known: true })
  expect(await cut).toBeGreaterThanOrEqual(4_400)
  leave(peer)
  expect((await askHere('token', 'list', '--data', data)).tokens).toMatchObject([{ name: 'printed at the start' }])
  expect(JSON.stringify(said())).not.toContain(token)
  await expectRefusalHere(['token', 'create', '--data', data, '--expires', 'soon'], /--expires/)
  await expectRefusalHere(['token', 'create', '--data', data, '--role', 'owner'], /--role/)
})

test('K4 a folder that cannot be opened is repaired by a command that says what it did', async () => {
  const data = await temporaryFolder()
  await fill(data, 4, 300)
  const texts = await textsOf(data)
  await served(data)
  await rm(join(data, 'log', 'CURRENT'))
  await expectRefusal(['serve', '--data', data, '--port', '0'], /CURRENT.*is missing.*holdfast repair.*backup/)
  const verified = await runHere(['verify', '--data', data])
  expect(verified).toMatchObject({ code: 1 })
  expect(verified.err).toMatch(/CURRENT is missing/)
  const before = await readdir(join(data, 'log'))
  const dry = await runHere(['repair', '--data', data, '--dry-run'])
  expect(dry).toMatchObject({ code: 0 })
  expect(dry.out).toMatch(/4 documents were sound.*\n.*dry run/)
  expect(await readdir(join(data, 'log'))).toEqual(before)
  const { code, out } = await run(['repair', '--data', data])
  expect(code).toBe(0)
  expect(out).toMatch(/made anew; the old one is in .*quarantine/)
  expect(await textsOf(data)).toEqual(texts)
  expect(await askHere('verify', '--data', data)).toMatchObject({ ok: true })
  const { ready } = await serve(['--data', data])
  expect((await fetch(`${ready.url}/readyz`)).status).toBe(200)
  await expectRefusalHere(['repair', '--data', data], /open.*Stop the relay/)
})

/** Serves it once, so that it has a key. */
async function served(data: string): Promise<string> {
  await (await serve(['--data', data])).end('SIGTERM')
  return data
}

test('doctor names what it found of the folder, the disk, the clock, the port and the address', async () => {
  const data = await temporaryFolder()
  const { ready } = await serve(['--data', data])
  const port = new URL(ready.url).port
  const { findings } = (await ask('doctor', '--data', data, '--url', ready.url, '--port', port)) as {
    findings: { what: string; state: string; found: string }[]
  }
  const byName = Object.fromEntries(findings.map(({ what, state, found }) => [what, { state, found }]))
  for (const what of [
    'node',
    'folder',
    'key',
    'version',
    'lock',
    'disk',
    'clock',
    'port',
    'reach',
    'tls',
    'websocket',
    'origin',
  ]) {
    expect(byName[what], what).toMatchObject({ state: 'ok' })
  }
  expect(byName.lock?.found).toContain(ready.url)
  expect(byName.port?.found).toContain('a relay answers')
  const newer = await temporaryFolder()
  await writeFile(join(newer, 'format'), '{"holdfast":"update-log","version":99}\n')
  const { code, out } = await runHere(['doctor', '--data', newer, '--port', '0', '--url', 'http://127.0.0.1:1'])
  expect(code).toBe(1)
  expect(out).toMatch(/fail {2}version .*newer version/)
  expect(out).toMatch(/fail {2}reach /)
})

test('serve says what happens in lines of JSON, as urgent as asked for, and never a token', async () => {
  const { ready, end } = await serve(['--data', await temporaryFolder(), '--log-level', 'debug'])
  const peer = await connect(ready, 'one')
  leave(peer)
  const { err, code } = await end('SIGTERM')
  expect(code).toBe(0)
  const lines = err
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
  const events = lines.map(({ event }) => event)
  for (const event of ['serving', 'connected', 'room-loaded', 'stopping', 'stopped']) expect(events).toContain(event)
  for (const line of lines) expect(Object.keys(line)).toEqual(expect.arrayContaining(['at', 'level', 'event', 'text']))
  expect(err).not.toContain(ready.token)
  const quiet = await serve(['--data', await temporaryFolder(), '--log-level', 'error'])
  expect((await quiet.end('SIGTERM')).err).toBe('')
})

test('U17 a folder of an older version is upgraded at the start, which says so', async () => {
  const data = await temporaryFolder()
  const files = JSON.parse(
    await readFile(
      new URL('../../../packages/update-log/test/fixtures/folder-version-1.json', import.meta.url),
      'utf8',
    ),
  ) as Record<string, string>
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(data, name, '..'), { recursive: true })
    await writeFile(join(data, name), Buffer.from(content, 'base64'))
  }
  await cp(data, `${data}-backup-of`, { recursive: true })
  const { end } = await serve(['--data', data])
  expect((await end('SIGTERM')).err).toContain('"event":"folder-upgraded","from":1,"to":2')
  expect(await readdir(data)).toContain('before-version-2')
  // An older folder is backed up and restored as what it is, too.
  const to = await temporaryFolder()
  await askHere('backup', '--data', `${data}-backup-of`, '--to', to)
  const target = await temporaryFolder()
  await askHere('restore', '--from', to, '--data', target)
  expect(JSON.parse(await readFile(join(target, 'format'), 'utf8'))).toMatchObject({ version: 1 })
  expect((await (await serve(['--data', target])).end('SIGTERM')).err).toContain('folder-upgraded')
  await rm(`${data}-backup-of`, { recursive: true })
})
