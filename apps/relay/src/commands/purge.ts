import { openLevelLog } from '@holdfast/update-log/level'
import { type Command, DATA_FLAG, JSON_FLAG } from '../command.ts'
import { dataOf, requireDataFolder } from '../data-folder.ts'
import { Failure } from '../failure.ts'
import { wrong } from '../flags.ts'
import { withFolderOrRelay } from '../reach.ts'

export const purge: Command = {
  name: 'purge',
  summary: 'Remove one document for good',
  text: `Removes everything that is stored of a document, for good, also from devices when they next connect. What an offline
device has written to it since is set aside there. Backups made before still have it, until they are too old to be kept.`,
  positionals: ['SPACE', 'DOCUMENT'],
  flags: { ...DATA_FLAG, yes: { text: 'Do not ask' }, ...JSON_FLAG },
  async run(given, { env, now, say, ask }) {
    const data = dataOf(given, env)
    const [space, document] = given.positionals
    if (space === undefined || document === undefined) {
      throw wrong('purge needs the names of a space and a document. See "holdfast purge --help".')
    }
    const question = `Remove ${space}/${document} from ${data} for good?`
    if (!given.has('yes') && !(await ask(question))) {
      throw new Failure('Nothing was removed; say yes when asked, or give --yes.')
    }
    const result = await withFolderOrRelay(
      data,
      now,
      async () => {
        await requireDataFolder(data)
        const log = await openLevelLog({ directory: data })
        try {
          return await log.purge({ space, document })
        } finally {
          await log.close()
        }
      },
      async (relay) =>
        (await (await relay.request('/admin/purge', { method: 'POST', body: { space, document } })).json()) as {
          epoch: string | null
        },
    )
    const had = result.epoch !== null
    if (given.has('json')) say(`${JSON.stringify({ event: 'purged', data, space, document, removed: had })}\n`)
    else say(had ? `${space}/${document} is removed.\n` : `${space}/${document} had been removed before.\n`)
    return 0
  },
}
