import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { UpdateLogError } from '@holdfast/update-log'
import { expect, onTestFinished, test } from 'vitest'
import { withAdvice } from '../src/advice.ts'
import { parseCommand, type ServeOptions } from '../src/arguments.ts'
import { requireOwnFolder } from '../src/whose-folder.ts'
import { expectRefusal, run, serve, temporaryFolder } from './command.ts'

test('a flag or command that is not known is one line', async () => {
  await expectRefusal(['nonsense'], /no command "nonsense".*--help/)
  await expectRefusal(['serve', '--nonsense'], /'--nonsense'.*--help/)
  const bad: [string[], RegExp][] = [
    [['nonsense'], /'nonsense'.*--help/],
    [['--port', '70000'], /--port.*65535.*"70000"/],
    [['--port', '4321x'], /--port/],
    [['--port'], /--port/],
    [['--space', 'a/b'], /--space/],
    [['--space', '..'], /--space/],
    [['--allow-origin', 'https://a.example/path'], /--allow-origin.*https:\/\/a\.example/],
    [['--allow-origin', '*'], /--allow-origin/],
    [['--public-url', 'ftp://a.example'], /--public-url/],
  ]
  for (const [args, line] of bad) expect(() => parseCommand(['serve', ...args], {})).toThrow(line)
})

test('flags are what they say, and the rest is as the contract has it', () => {
  const { options } = parseCommand(['serve'], { XDG_DATA_HOME: '/x' }) as { options: ServeOptions }
  expect(options).toMatchObject({ host: '127.0.0.1', port: 4321, json: false, publicUrl: null, adminToken: null })
  const flags = ['--port=0', '--space', 'a', '--space', 'b', '--allow-origin', 'https://A.example/', '--json']
  const given = parseCommand(['serve', ...flags, '--public-url', 'https://chat.example/'], {}) as {
    options: ServeOptions
  }
  expect(given.options).toMatchObject({
    port: 0,
    spaces: ['a', 'b'],
    allowOrigins: ['https://a.example'],
    publicUrl: 'https://chat.example',
    json: true,
  })
})

test('a short HOLDFAST_TOKEN is refused before anything is made', async () => {
  const data = join(await temporaryFolder(), 'data')
  await expectRefusal(['serve', '--data', data], /HOLDFAST_TOKEN has 31 characters and needs 32/, {
    HOLDFAST_TOKEN: 'x'.repeat(31),
  })
  await expect(stat(data)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a port in use is one line that says what to do', async () => {
  const server = createServer()
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  onTestFinished(() => void server.close())
  const data = await temporaryFolder()
  await expectRefusal(['serve', '--data', data, '--port', String(port)], /Port \d+ on 127\.0\.0\.1 is in use.*--port 0/)
})

test('an address that is not this machine’s is one line', async () => {
  const data = await temporaryFolder()
  await expectRefusal(['serve', '--data', data, '--port', '0', '--host', '203.0.113.7'], /203\.0\.113\.7.*--host/)
})

test('an unwritable data folder is one line', async () => {
  const directory = await temporaryFolder()
  await writeFile(join(directory, 'file'), '')
  await expectRefusal(['serve', '--data', join(directory, 'file', 'data')], /cannot be written.*--data/)
})

test('a folder of somebody else says to whom to give it', () => {
  const denied = "The data folder /data cannot be written: EACCES: permission denied, open '/data/format.new'"
  const inContainer = withAdvice(new UpdateLogError('UNWRITABLE', denied), {}, 1000)
  expect(inContainer).toMatchObject({
    message: expect.stringMatching(/^The data folder \/data .*Give it to user 1000.*chown -R 1000.*--data\.$/),
  })
  const gone = new UpdateLogError('UNWRITABLE', 'The data folder /data cannot be written: ENOTDIR: not a directory')
  expect(withAdvice(gone, {}, 1000)).not.toMatchObject({ message: expect.stringContaining('chown') })
})

test('root makes nothing in the folder of somebody else, who could not use it', async () => {
  const data = await temporaryFolder()
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chown(data, 12_345, 12_345)
  await expect(requireOwnFolder(data, 0)).rejects.toThrow(/belongs to user \d+.*Run this as that user.*sudo/)
  await requireOwnFolder(data, 12_345)
  await requireOwnFolder(join(data, 'new'), 0)
  if (!isRoot) return
  for (const args of [['serve', '--port', '0'], ['restore', '--from', data, '--replace'], ['repair']]) {
    await expectRefusal([...args, '--data', data], /belongs to user 12345/)
  }
  expect(await readdir(data)).toEqual([])
})

test('a locked data folder is one line, and the one who has it goes on', async () => {
  const data = await temporaryFolder()
  const first = await serve(['--data', data])
  await expectRefusal(['serve', '--data', data, '--port', '0'], /already running.*--data/)
  expect((await fetch(`${first.ready.url}/healthz`)).status).toBe(200)
})

test('a data folder of a newer version is one line, and is left as it is', async () => {
  const data = await temporaryFolder()
  await writeFile(join(data, 'format'), '{"holdfast":"update-log","version":99}\n')
  await expectRefusal(['serve', '--data', data, '--port', '0'], /newer version.*--data/)
  expect(await readdir(data)).toEqual(['format'])
})

test('a folder that LevelDB cannot open is one line', async () => {
  const data = await temporaryFolder()
  await (await serve(['--data', data])).end('SIGTERM')
  await writeFile(join(data, 'log', 'CURRENT'), 'MANIFEST-999999\n')
  await expectRefusal(['serve', '--data', data, '--port', '0'], /cannot be opened.*backup/)
})

test('a damaged key is one line, and is kept', async () => {
  const data = await temporaryFolder()
  await mkdir(data, { recursive: true })
  await writeFile(join(data, 'key'), 'nonsense')
  await expectRefusal(['serve', '--data', data, '--port', '0'], /key.*is damaged.*backup/)
  expect(await readFile(join(data, 'key'), 'utf8')).toBe('nonsense')
})

test('with --json exactly one line goes to standard output', async () => {
  const data = await temporaryFolder()
  const { ready, end } = await serve(['--data', data])
  expect(ready).toEqual({
    event: 'listening',
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    token: expect.stringMatching(/^[\w.-]{40,}$/),
    space: 'default',
    data,
  })
  const { out, code } = await end('SIGTERM')
  expect(code).toBe(0)
  expect(out).toBe(`${JSON.stringify(ready)}\n`)
})

test('a person sees the address with the token in its fragment, the folder, and how to stop', async () => {
  const data = await temporaryFolder()
  const { out, code } = await run(['serve', '--help'])
  expect(code).toBe(0)
  for (const flag of ['--host', '--port', '--data', '--json', '--allow-origin', '--public-url', '--space']) {
    expect(out).toContain(flag)
  }
  const { banner } = await import('../src/print.ts')
  const shown = banner({ url: 'http://127.0.0.1:4321', token: 'abc', data })
  expect(shown).toContain('http://127.0.0.1:4321/#token=abc')
  expect(shown).toContain(data)
  expect(shown).toContain('Ctrl+C')
})

test('the version is the package’s', async () => {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  expect(await run(['--version'])).toMatchObject({ code: 0, out: `${version}\n` })
})

test('the key is made once, for the owner’s eyes only', async () => {
  const data = await temporaryFolder()
  const first = await serve(['--data', data])
  await first.end('SIGTERM')
  const key = await readFile(join(data, 'key'), 'utf8')
  expect(key).toMatch(/^[0-9a-f]{64}\n$/)
  if (process.platform !== 'win32') expect((await stat(join(data, 'key'))).mode & 0o777).toBe(0o600)
  await chmod(join(data, 'key'), 0o644)
  const second = await serve(['--data', data])
  expect(await readFile(join(data, 'key'), 'utf8')).toBe(key)
  if (process.platform !== 'win32') expect((await stat(join(data, 'key'))).mode & 0o777).toBe(0o600)
  const { status } = await fetch(`${second.ready.url}/access/default`, {
    headers: { authorization: `Bearer ${first.ready.token}` },
  })
  expect(status).toBe(200)
})

test('HOLDFAST_TOKEN is an admin token', async () => {
  const token = 'a-token-that-is-long-enough-to-be-one'
  const { ready, said } = await serve(['--data', await temporaryFolder()], { HOLDFAST_TOKEN: token })
  const granted = await fetch(`${ready.url}/access/default`, { headers: { authorization: `Bearer ${token}` } })
  expect(await granted.json()).toMatchObject({ role: 'admin' })
  const { out, err } = said()
  expect(out + err).not.toContain(token)
})

test('a folder named on no command line is where this system keeps such things', async () => {
  const { defaultDataFolder } = await import('../src/data-folder.ts')
  expect(defaultDataFolder({}, 'linux', '/home/a')).toBe('/home/a/.local/share/holdfast')
  expect(defaultDataFolder({ XDG_DATA_HOME: '/x' }, 'linux', '/home/a')).toBe('/x/holdfast')
  expect(defaultDataFolder({}, 'darwin', '/Users/a')).toBe('/Users/a/Library/Application Support/holdfast')
  expect(defaultDataFolder({ LOCALAPPDATA: '/l' }, 'win32', '/u')).toBe('/l/holdfast')
})
