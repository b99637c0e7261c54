import { resolve } from 'node:path'
import { TOKEN_FILES } from '@holdfast/relay'
import { restoreBackup } from '@holdfast/update-log/upkeep'
import { withAdvice } from '../advice.ts'
import { type Command, DATA_FLAG, JSON_FLAG } from '../command.ts'
import { dataOf } from '../data-folder.ts'
import { counted } from '../in-words.ts'
import { stampOf } from '../stamp.ts'
import { requireOwnFolder } from '../whose-folder.ts'

export const restore: Command = {
  name: 'restore',
  summary: 'Put a backup into a data folder',
  text: `Puts a backup into a data folder that is empty or new. All of it is checked first: of a damaged backup nothing is
restored. Clients notice that the relay went back in time, and bring what they have and the backup has not.`,
  positionals: [],
  flags: {
    from: { value: 'DIR', text: 'The backup folder' },
    ...DATA_FLAG,
    number: { value: 'N', text: 'The backup of that number instead of the newest' },
    replace: { text: 'Put it in the place of what is in the data folder, which is moved aside within it' },
    ...JSON_FLAG,
  },
  async run(given, { env, now, signal, progress, say }) {
    const from = resolve(given.required('from', 'restore'))
    const to = dataOf(given, env)
    const number = given.number('number', 0, 1, 999_999_999)
    await requireOwnFolder(to)
    try {
      const restored = await restoreBackup({
        from,
        to,
        ...(number === 0 ? {} : { number }),
        replace: given.has('replace'),
        stamp: stampOf(now()),
        lineFiles: TOKEN_FILES,
        signal,
        onProgress: progress,
      })
      if (given.has('json')) say(`${JSON.stringify({ event: 'restored', data: to, ...restored })}\n`)
      else {
        const aside = restored.aside === null ? '' : ` What was there is in ${restored.aside}.`
        const key = restored.files.includes('key')
          ? ''
          : ' The backup has no key, so tokens given so far may not work: make new ones with "holdfast token create".'
        say(
          `Backup ${restored.number} of ${restored.time} is in ${to}: ${counted(restored.documents, 'document')}, ${counted(restored.blobs, 'blob')}.${aside}${key}\n`,
        )
      }
      return 0
    } catch (error) {
      throw withAdvice(error, { NOT_FOUND: 'Name the backup folder with --from.' })
    }
  },
}
