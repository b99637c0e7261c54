import { openLevelLog } from '@holdfast/update-log/level'
import { type Command, DATA_FLAG, JSON_FLAG } from '../command.ts'
import { type CompactedAll, compactAll } from '../compact-all.ts'
import { dataOf, requireDataFolder } from '../data-folder.ts'
import { bytesInWords, counted } from '../in-words.ts'
import { withFolderOrRelay } from '../reach.ts'

export const compact: Command = {
  name: 'compact',
  summary: 'Take the updates of documents together, to need less room',
  text: `Takes the updates of each document together into one state, as the relay does by itself when a document is idle.
All documents, those of a space, or one. Each is done whole or not at all.`,
  positionals: ['[SPACE]', '[DOCUMENT]'],
  flags: { ...DATA_FLAG, ...JSON_FLAG },
  async run(given, { env, now, signal, progress, say, warn }) {
    const data = dataOf(given, env)
    const [space, document] = given.positionals
    const what = { ...(space === undefined ? {} : { space }), ...(document === undefined ? {} : { document }) }
    const options = { signal, onProgress: progress }
    const result = await withFolderOrRelay(
      data,
      now,
      async () => {
        await requireDataFolder(data)
        const log = await openLevelLog({ directory: data })
        try {
          return await compactAll(log, what, options)
        } finally {
          await log.close()
        }
      },
      async (relay) => (await relay.operate('/admin/compact', what, options)) as CompactedAll,
    )
    for (const failed of result.failed) warn(`${failed.space}/${failed.document}: ${failed.what}`)
    if (given.has('json')) say(`${JSON.stringify({ event: 'compacted', data, ...result })}\n`)
    else {
      const { compacted, unchanged, bytesBefore, bytesAfter } = result
      say(
        `${counted(compacted, 'document')} compacted, ${unchanged} as they were: ${bytesInWords(bytesBefore)} became ${bytesInWords(bytesAfter)}.\n`,
      )
    }
    return result.failed.length === 0 ? 0 : 1
  },
}
