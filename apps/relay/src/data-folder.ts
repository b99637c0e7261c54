import { randomBytes } from 'node:crypto'
import { chmod, open, readFile, rename, stat } from 'node:fs/promises'
import { homedir, platform } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { codeOf, Failure } from './failure.ts'
import type { Given } from './flags.ts'

const KEY_BYTES = 32

/** Where a person's data belongs on this system. */
export function defaultDataFolder(
  env: Readonly<Record<string, string | undefined>>,
  system: string = platform(),
  home: string = homedir(),
): string {
  if (system === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'holdfast')
  if (system === 'darwin') return join(home, 'Library', 'Application Support', 'holdfast')
  return join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'holdfast')
}

/** The data folder that a command is about, absolute. */
export function dataOf(given: Given, env: Readonly<Record<string, string | undefined>>): string {
  return resolve(given.text('data') ?? defaultDataFolder(env))
}

/** @throws Failure when there is no data folder: opening it would make one */
export async function requireDataFolder(directory: string): Promise<void> {
  for (const name of ['format', 'log']) {
    try {
      await stat(join(directory, name))
      return
    } catch (error) {
      if (codeOf(error) === 'EACCES') {
        throw new Failure(`The data folder ${directory} cannot be read; run this as the user that owns it.`, {
          cause: error,
        })
      }
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error
    }
  }
  throw new Failure(`There is no data folder at ${directory}. Name the folder with --data.`)
}

/**
 * The key that signs this folder's tokens: 32 random bytes as hex in `DIR/key`, made on the first run, for the owner's eyes only. The caller
 * has the folder locked, so that two first runs cannot make two.
 * @throws Failure when there is one that is no key
 */
export async function readOrMakeKey(directory: string): Promise<{ key: Uint8Array; made: boolean }> {
  const path = join(directory, 'key')
  try {
    const text = (await readFile(path, 'utf8')).trim()
    if (!/^[0-9a-f]{64}$/.test(text)) {
      throw new Failure(
        `The key in ${path} is damaged; put it back from a backup, or delete it and all tokens given so far stop working.`,
      )
    }
    if (platform() !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
    return { key: Buffer.from(text, 'hex'), made: false }
  } catch (error) {
    if (error instanceof Failure) throw error
    if (codeOf(error) !== 'ENOENT') throw unusable(path, error)
  }
  try {
    return { key: await makeKey(path), made: true }
  } catch (error) {
    throw unusable(path, error)
  }
}

function unusable(path: string, error: unknown): Failure {
  return new Failure(
    `The key in ${path} cannot be read or made (${codeOf(error) ?? error}); see to its owner and rights.`,
    {
      cause: error,
    },
  )
}

/** Tokens are signed with it at once: a power cut must not bring another one. */
async function syncFolder(folder: string): Promise<void> {
  if (platform() === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function makeKey(path: string): Promise<Uint8Array> {
  const key = randomBytes(KEY_BYTES)
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(`${key.toString('hex')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
  return key
}
