import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './failure.ts'

/**
 * `DIR/serving.json` says where the relay that has the folder open can be reached, for commands on the same machine. No secret is in it: whoever can
 * read the folder's key can make a token.
 */
export interface Serving {
  readonly pid: number
  readonly url: string
}

export async function writeServing(directory: string, serving: Serving): Promise<() => Promise<void>> {
  const path = join(directory, 'serving.json')
  await writeFile(`${path}.new`, `${JSON.stringify(serving)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return () => rm(path, { force: true })
}

/** @returns null when there is none that can be read; what it says may be of a relay that was killed */
export async function readServing(directory: string): Promise<Serving | null> {
  try {
    const said: unknown = JSON.parse(await readFile(join(directory, 'serving.json'), 'utf8'))
    if (typeof said !== 'object' || said === null || !('pid' in said) || !('url' in said)) return null
    return typeof said.pid === 'number' && typeof said.url === 'string' ? { pid: said.pid, url: said.url } : null
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === 'ENOENT') return null
    throw error
  }
}
