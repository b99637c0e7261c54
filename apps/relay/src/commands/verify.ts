import { resolve } from 'node:path'
import { type Problem, type Verified, verifyBackup, verifyFolder } from '@holdfast/update-log/upkeep'
import { withAdvice } from '../advice.ts'
import { type Command, DATA_FLAG, JSON_FLAG } from '../command.ts'
import { dataOf } from '../data-folder.ts'
import { wrong } from '../flags.ts'
import { bytesInWords, counted } from '../in-words.ts'
import { withFolderOrRelay } from '../reach.ts'

export const verify: Command = {
  name: 'verify',
  summary: 'Check every checksum, number and document of a folder or a backup',
  text: `Reads everything in a data folder (also while it is served) or a backup: every checksum, number, document and blob.
Changes nothing. Exit code 0: all is well; 1: what is wrong is named.`,
  positionals: [],
  flags: {
    ...DATA_FLAG,
    backup: { value: 'DIR', text: 'Check this backup folder instead' },
    number: { value: 'N', text: 'Its backup of that number instead of the newest' },
    ...JSON_FLAG,
  },
  async run(given, { env, now, signal, progress, say, warn }) {
    const backupFolder = given.text('backup')
    const json = given.has('json')
    const options = { signal, onProgress: progress }
    if (backupFolder !== undefined) {
      if (given.text('data') !== undefined)
        throw wrong('--backup and --data are two things to check; give one of them.')
      const number = given.number('number', 0, 1, 999_999_999)
      try {
        const result = await verifyBackup(resolve(backupFolder), { ...options, ...(number === 0 ? {} : { number }) })
        if (json) say(`${JSON.stringify({ event: 'verified', ok: result.problems.length === 0, ...result })}\n`)
        else {
          tell(result.problems, warn)
          const what = `${counted(result.documents, 'document')}, ${counted(result.updates, 'update')}, ${counted(result.blobs, 'blob')}`
          say(`Backup ${result.number} of ${result.time}: ${what}. ${verdict(result.problems)}\n`)
        }
        return result.problems.length === 0 ? 0 : 1
      } catch (error) {
        throw withAdvice(error, {
          NOT_FOUND: 'Name the backup folder with --backup.',
          BAD_BACKUP: 'Back up anew to another folder.',
          LOCKED: 'A backup is being written there; wait for it.',
        })
      }
    }
    const data = dataOf(given, env)
    const result = await withFolderOrRelay(
      data,
      now,
      () => verifyFolder(data, options),
      async (relay) => (await relay.operate('/admin/verify', {}, options)) as Verified,
    )
    if (json) say(`${JSON.stringify({ event: 'verified', data, ok: result.problems.length === 0, ...result })}\n`)
    else {
      tell(result.problems, warn)
      const { documents, blobs } = result
      const what =
        documents === null
          ? 'the log cannot be opened'
          : `${counted(documents.documents, 'document')}, ${counted(documents.updates, 'update')} (${bytesInWords(documents.bytes)})`
      say(
        `${data}: ${what}, ${counted(blobs.blobs, 'blob')} (${bytesInWords(blobs.bytes)}). ${verdict(result.problems)}\n`,
      )
      if (result.problems.length > 0) warn('"holdfast repair --dry-run" says what could be made whole.')
    }
    return result.problems.length === 0 ? 0 : 1
  },
}

function verdict(problems: readonly Problem[]): string {
  return problems.length === 0 ? 'All is well.' : `${counted(problems.length, 'thing')} wrong.`
}

export function tell(problems: readonly Problem[], warn: (line: string) => void): void {
  for (const { part, space, document, blob, what } of problems) {
    if (document !== undefined) warn(`document ${space}/${document}: ${what}`)
    else if (blob !== undefined) warn(`blob ${space}/${blob}: ${what}`)
    else warn(`${part}: ${what}`)
  }
}
