import { access, constants, stat } from 'node:fs/promises'
import { platform } from 'node:os'
import { join } from 'node:path'
import { isUpdateLogError } from '@holdfast/update-log'
import { lookAtFolder } from '@holdfast/update-log/upkeep'
import { codeOf } from '../failure.ts'
import { readServing } from '../serving-file.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Whether the data folder is there, whose it is, of which version, and who has it open. */
export async function checkFolder(data: string): Promise<Finding[]> {
  const rights = await checkRights(data)
  if (rights.some(({ state }) => state === 'fail')) return rights
  try {
    const look = await lookAtFolder(data)
    if (look === null) {
      return [...rights, warn('folder', `${data} is no data folder yet`, '"holdfast serve" makes one there.')]
    }
    const { version, newest, inUse } = look
    const serving = await readServing(data)
    const by =
      serving === null ? 'a process that says not where it is' : `a relay at ${serving.url} (process ${serving.pid})`
    return [
      ...rights,
      version === newest
        ? ok('version', `${version}`)
        : warn(
            'version',
            `${version}, this program writes ${newest}`,
            'The next start brings it there, and keeps what was before.',
          ),
      ok('lock', inUse ? `open in ${by}` : 'open in no process'),
    ]
  } catch (error) {
    if (!isUpdateLogError(error)) throw error
    const advice =
      error.code === 'NEWER_VERSION' ? 'Install the newer holdfast.' : 'See "holdfast verify" and "holdfast repair".'
    return [...rights, fail('version', error.message, advice)]
  }
}

async function checkRights(data: string): Promise<Finding[]> {
  try {
    const { mode, uid } = await stat(data)
    await access(data, constants.R_OK | constants.W_OK | constants.X_OK)
    const findings: Finding[] = []
    const own = process.getuid?.()
    if (own !== undefined && uid !== own) {
      findings.push(
        warn('folder', `${data} belongs to user ${uid}, this is user ${own}`, 'Run holdfast as the user that owns it.'),
      )
    } else findings.push(ok('folder', data))
    findings.push(await checkKey(data))
    if (platform() !== 'win32' && (mode & 0o022) !== 0) {
      findings.push(warn('rights', 'others may write into the folder', `chmod go-w ${data}`))
    }
    return findings
  } catch (error) {
    switch (codeOf(error)) {
      case 'ENOENT':
        return [warn('folder', `${data} is not there yet`, '"holdfast serve" makes it.')]
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        return [
          fail(
            'folder',
            `${data} cannot be read and written (${codeOf(error)})`,
            'See to its owner and rights, or choose another with --data.',
          ),
        ]
      default:
        throw error
    }
  }
}

async function checkKey(data: string): Promise<Finding> {
  try {
    const { mode } = await stat(join(data, 'key'))
    if (platform() === 'win32' || (mode & 0o077) === 0) return ok('key', 'for the owner only')
    return warn(
      'key',
      'others can read the key that signs tokens',
      `chmod 600 ${join(data, 'key')}; the next start does it too.`,
    )
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return warn('key', 'there is none yet', 'The first start makes it.')
    return fail('key', `it cannot be read (${codeOf(error)})`, 'See to its owner and rights.')
  }
}
