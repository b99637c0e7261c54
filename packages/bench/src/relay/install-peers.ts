import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const PEERS = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'peers')
const CACHE = join(PEERS, '..', '..', '..', 'node_modules', '.cache', 'holdfast-bench')

/**
 * Installs the peers from npm, once for each version of `peers/`, into a folder that is no part of the workspace: one of them wants to
 * compile an old LevelDB, for which it brings a binary.
 * @returns the folder with their scripts, or why it cannot be
 */
export async function installPeers(say: (line: string) => void): Promise<{ folder: string } | { missing: string }> {
  const files = (await readdir(PEERS)).sort()
  const hash = createHash('sha256')
  for (const file of files) hash.update(file).update(await readFile(join(PEERS, file)))
  const folder = join(CACHE, `peers-${hash.digest('hex').slice(0, 16)}`)
  const isThere = await readdir(folder).then(
    () => true,
    () => false,
  )
  if (isThere) return { folder }
  say('installing the peers from npm')
  const making = `${folder}.${process.pid}`
  try {
    await mkdir(making, { recursive: true })
    for (const file of files) await copyFile(join(PEERS, file), join(making, file))
    await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: making })
    await rename(making, folder)
    return { folder }
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    const [line = ''] = String((error as { stderr?: string }).stderr || (error as Error).message).split('\n')
    return { missing: `the peers could not be installed from npm: ${line}` }
  }
}
