import { spawnSync } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import type { Ahead, Shown } from '@holdfast/update-log'
import { createMemoryAhead, openAhead } from '@holdfast/update-log/ahead'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './folders.ts'

/** Opens it as often as is asked: each time as the next process would. */
type Opener = () => Promise<Ahead>

const kinds: [string, () => Promise<Opener>][] = [
  [
    'memory',
    async () => {
      const folder = { shown: [] }
      return async () => createMemoryAhead(folder)
    },
  ],
  [
    'file',
    async () => {
      const directory = await temporaryFolder()
      return () => opened(directory)
    },
  ],
]

/** Closed when the test is over: what it is about is what is left when nobody does. */
async function opened(directory: string, now?: () => number): Promise<Ahead> {
  const ahead = await openAhead(directory, now)
  onTestFinished(() => ahead.close())
  return ahead
}

function shown(text: string, more: Partial<Shown> = {}): Shown {
  return { space: 'default', document: 'chat', epoch: 'e1', update: new TextEncoder().encode(text), ...more }
}

/** As it is compared: the file gives the bytes as a part of a larger buffer. */
function plain(all: readonly Shown[]): Shown[] {
  return all.map((one) => ({ ...one, update: new Uint8Array(one.update) }))
}

describe.each(kinds)('%s', (_kind, make) => {
  test('H1 what was written is left for who opens it next, in order and byte for byte, until it is released', async () => {
    const next = await make()
    const all = [
      shown('first'),
      shown('', { document: 'D'.repeat(128), space: 'team', epoch: 'e'.repeat(128) }),
      shown('third', { update: Uint8Array.from({ length: 16_384 }, (_, i) => i % 251) }),
    ]
    const first = await next()
    expect(first.left).toEqual([])
    for (const one of all) expect(first.write(one)).toBe(true)
    const second = await next()
    expect(plain(second.left)).toEqual(plain(all))
    expect(second.write(shown('fourth'))).toBe(true)
    // Nothing of it is released: all is there for one more.
    const third = await next()
    expect(plain(third.left)).toEqual(plain([...all, shown('fourth')]))
    third.release(4)
    await third.close()
    expect((await next()).left).toEqual([])
  })

  test('H1 what is written does not change with the bytes that it came in', async () => {
    const next = await make()
    const update = new TextEncoder().encode('seen')
    ;(await next()).write(shown('', { update }))
    update.fill(0)
    expect(plain((await next()).left)).toEqual([shown('seen')])
  })

  test('H2 what is not released is left, and nothing of what was before all were; an ending with none waiting leaves none', async () => {
    const next = await make()
    const first = await next()
    first.write(shown('a'))
    first.release(1)
    first.write(shown('b'))
    first.write(shown('c'))
    first.release(1)
    expect(plain((await next()).left)).toEqual([shown('b'), shown('c')])
    first.release(1)
    await first.close()
    expect((await next()).left).toEqual([])
  })

  test('H3 what is too large, or has no room, is not written, and what is there stays', async () => {
    const next = await make()
    const first = await next()
    expect(first.write(shown('kept'))).toBe(true)
    expect(first.write(shown('', { update: new Uint8Array(16_385) }))).toBe(false)
    const large = shown('', { update: new Uint8Array(16_384) })
    let written = 1
    while (first.write(large)) written += 1
    // A megabyte.
    expect(written).toBeGreaterThan(60)
    expect(written).toBeLessThanOrEqual(65)
    const second = await next()
    expect(second.left.length).toBe(written)
    expect(plain(second.left)[0]).toEqual(shown('kept'))
    second.release(written)
    expect(second.write(large)).toBe(true)
  })

  test('H1 after closing nothing is written, and what was not released is found', async () => {
    const next = await make()
    const first = await next()
    first.write(shown('a'))
    await first.close()
    expect(first.write(shown('b'))).toBe(false)
    await first.close()
    expect(plain((await next()).left)).toEqual([shown('a')])
  })
})

describe('the file', () => {
  test('H2 an ending with nothing left leaves no file', async () => {
    const directory = await temporaryFolder()
    const ahead = await opened(directory)
    ahead.write(shown('a'))
    ahead.release(1)
    await ahead.close()
    expect(await readdir(directory)).toEqual([])
  })

  test('H2 is for its owner only', async () => {
    const directory = await temporaryFolder()
    await opened(directory)
    expect((await stat(join(directory, 'ahead'))).mode & 0o777).toBe(0o600)
  })

  test('H4 wiped, it holds nothing that was released: at once, or when the last is', async () => {
    const directory = await temporaryFolder()
    const ahead = await opened(directory)
    const text = async (): Promise<string> => (await readFile(join(directory, 'ahead'))).toString('latin1')
    ahead.write(shown('a secret'))
    ahead.release(1)
    expect(await text()).toContain('a secret')
    ahead.wipe()
    expect(await text()).toBe('')
    ahead.write(shown('another secret'))
    ahead.wipe()
    expect(await text()).toContain('another secret')
    ahead.release(1)
    expect(await text()).toBe('')
    // It goes on.
    ahead.write(shown('more'))
    expect(plain((await opened(directory)).left)).toEqual([shown('more')])
  })

  test('H5 of what was cut anywhere, the whole ones before the cut are left', async () => {
    const directory = await temporaryFolder()
    const path = join(directory, 'ahead')
    const all = ['first', 'other', 'third'].map((text) => shown(text))
    const ahead = await opened(directory)
    for (const one of all) ahead.write(one)
    const bytes = await readFile(path)
    for (let length = 0; length < bytes.length; length += 1) {
      await writeFile(path, bytes.subarray(0, length))
      const { left } = await opened(directory)
      expect(plain(left)).toEqual(all.slice(0, left.length))
      expect(left.length).toBe(Math.floor((length * 3) / bytes.length))
    }
  })

  test('H5 a byte that is not what was written ends what is left, and is never part of it', async () => {
    const directory = await temporaryFolder()
    const path = join(directory, 'ahead')
    const all = ['first', 'again', 'third'].map((text) => shown(text))
    const ahead = await opened(directory)
    for (const one of all) ahead.write(one)
    const bytes = await readFile(path)
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes)
      flipped[at]! ^= 0x41
      await writeFile(path, flipped)
      const { left } = await opened(directory)
      expect(plain(left)).toEqual(all.slice(0, Math.floor((at * 3) / bytes.length)))
    }
  })

  test('H5 an entry whose checksum is right, and whose names would reach beyond it, is none', async () => {
    const directory = await temporaryFolder()
    const named = (...body: number[]): Buffer => {
      const bytes = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, ...body])
      bytes.writeUInt32LE(body.length, 0)
      bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
      return bytes
    }
    // The form; a lap that is cut; no names; names longer than what there is.
    for (const body of [
      [],
      [1],
      [1, 0, 0],
      [1, 0, 0, 0, 0],
      [1, 0, 0, 0, 0, 9, 65],
      [1, 0, 0, 0, 0, 1, 65, 1, 65, 200],
    ]) {
      await writeFile(join(directory, 'ahead'), named(...body))
      expect((await opened(directory)).left, String(body)).toEqual([])
    }
  })

  test('H1 what is released after closing is found by the next: nothing is written any more', async () => {
    const directory = await temporaryFolder()
    const ahead = await opened(directory)
    ahead.write(shown('a'))
    ahead.wipe()
    await ahead.close()
    ahead.release(1)
    expect(plain((await opened(directory)).left)).toEqual([shown('a')])
  })

  test('H5 what an earlier lap left behind the last one is not left', async () => {
    const directory = await temporaryFolder()
    const ahead = await opened(directory)
    for (const text of ['old 1', 'old 2', 'old 3']) ahead.write(shown(text))
    ahead.release(3)
    // As long as an old one, so that the old second follows where the new first ends.
    ahead.write(shown('new 1'))
    expect(plain((await opened(directory)).left)).toEqual([shown('new 1')])
  })

  test('H5 a file of anything else is taken as empty, and is written over', async () => {
    const directory = await temporaryFolder()
    await writeFile(join(directory, 'ahead'), new Uint8Array(5_000).fill(0xff))
    const ahead = await opened(directory)
    expect(ahead.left).toEqual([])
    ahead.write(shown('a'))
    expect(plain((await opened(directory)).left)).toEqual([shown('a')])
  })

  test('H3 where writing is held up, nothing is written for a while', async () => {
    const directory = await temporaryFolder()
    let time = 0
    let each = 0
    const ahead = await opened(directory, () => {
      time += each
      return time
    })
    each = 3
    expect(ahead.write(shown('a'))).toBe(true)
    // Written, as it was asked: but the next are not.
    each = 6
    expect(ahead.write(shown('b'))).toBe(true)
    each = 0
    time += 900
    expect(ahead.write(shown('c'))).toBe(false)
    time += 100
    expect(ahead.write(shown('d'))).toBe(true)
    expect(plain((await opened(directory)).left)).toEqual(['a', 'b', 'd'].map((text) => shown(text)))
  })

  test('H3 what the system refuses to write is not written, nor shown, and what is there is left', async () => {
    const directory = await temporaryFolder()
    const child = fileURLToPath(new URL('./ahead-child.ts', import.meta.url))
    // No file of this child may grow beyond 8 blocks of a kilobyte.
    const script = 'ulimit -f 8 && exec "$0" --conditions=@holdfast/source "$1" "$2"'
    const { stdout, signal } = spawnSync('bash', ['-c', script, process.execPath, child, directory])
    expect(signal).toBe('SIGKILL')
    const written = Number(stdout.toString())
    expect(written).toBeGreaterThan(1)
    expect((await opened(directory)).left.length).toBe(written)
  })
})
