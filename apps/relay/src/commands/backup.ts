import { resolve } from 'node:path'
import { TOKEN_FILES } from '@holdfast/relay'
import {
  type BackedUp,
  type BackupSource,
  decodeItems,
  folderSource,
  makeBackup,
  smallFiles,
  withFolder,
} from '@holdfast/update-log/upkeep'
import { withAdvice } from '../advice.ts'
import { type Command, DATA_FLAG, JSON_FLAG, type Surroundings } from '../command.ts'
import { dataOf } from '../data-folder.ts'
import { wrong } from '../flags.ts'
import { bytesInWords, counted } from '../in-words.ts'
import { withFolderOrRelay } from '../reach.ts'
import { createRelayClient, type RelayClient } from '../relay-client.ts'

/** Belongs to the folder, and is needed to let the same tokens in after a restore. */
export const SMALL_FILES: readonly string[] = ['key', ...TOKEN_FILES]

const KEEP = 7

export const backup: Command = {
  name: 'backup',
  summary: 'Copy everything to another folder, also while it is served',
  text: `Makes a backup of a data folder, of one moment, also while a relay serves it. The next one to the same
folder copies only what is new. Each is read again after it was written. The key that signs tokens
is in it, so keep it as safe as the data folder; from another machine (--from) it is not.`,
  positionals: [],
  flags: {
    ...DATA_FLAG,
    to: { value: 'DIR', text: 'The backup folder: new, empty, or one of backups before' },
    from: { value: 'URL', text: 'A relay elsewhere to back up instead of a folder here' },
    token: { value: 'TOKEN', text: 'Its token, role admin, all spaces (or HOLDFAST_TOKEN in the environment)' },
    keep: { value: 'COUNT', text: `Backups to keep in the folder (${KEEP}); the oldest go` },
    ...JSON_FLAG,
  },
  async run(given, surroundings) {
    const { env, now, signal, progress } = surroundings
    const to = resolve(given.required('to', 'backup'))
    const keep = given.number('keep', KEEP, 1, 10_000)
    const from = given.text('from')
    const options = { to, keep, time: new Date(now()).toISOString(), signal, onProgress: progress }
    let made: BackedUp
    if (from !== undefined) {
      if (given.text('data') !== undefined)
        throw wrong('--from and --data are two places to back up; give one of them.')
      const token = given.text('token') ?? env.HOLDFAST_TOKEN
      if (token === undefined || token === '')
        throw wrong('--from needs --token, or HOLDFAST_TOKEN in the environment.')
      if (!URL.canParse(from)) throw wrong(`--from is an address such as https://chat.example.org, not "${from}".`)
      const relay = createRelayClient(from, async () => token)
      made = await advised(() => makeBackup(relaySource(relay, null, signal), options))
    } else {
      const data = dataOf(given, env)
      made = await withFolderOrRelay(
        data,
        now,
        () => withFolder(data, (open) => advised(() => makeBackup(folderSource(open, SMALL_FILES), options))),
        (relay) => advised(() => makeBackup(relaySource(relay, data, signal), options)),
      )
    }
    report(made, to, given.has('json'), surroundings)
    return made.damaged.length + made.missingBlobs.length > 0 ? 1 : 0
  },
}

/** What is wrong with the backup's own folder is not to be taken for the data folder's. */
async function advised<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw withAdvice(error, {
      LOCKED: 'Another backup is being written there; wait for it, or choose another folder with --to.',
      UNWRITABLE: 'Choose a folder of your own with --to.',
      BAD_BACKUP: 'Choose a new or empty folder with --to.',
      NEWER_VERSION: 'Install the newer holdfast, or choose another folder with --to.',
      STORAGE_FULL: 'Make room there, then run this again; backups made before are untouched.',
    })
  }
}

/** @param data the folder that the relay has open, when it is on this machine: its small files are taken from there */
function relaySource(relay: RelayClient, data: string | null, signal: AbortSignal): BackupSource {
  return {
    async *items(base) {
      const { body } = await relay.request('/admin/backup', { method: 'POST', body: { base }, signal })
      if (body !== null) yield* decodeItems(body)
    },
    async blob({ space, hash }) {
      const response = await relay.request(`/blobs/${space}/${hash}`, { signal, accept: 404 })
      return response.status === 404 ? null : response.body
    },
    files: async () => (data === null ? [] : smallFiles(data, SMALL_FILES)),
  }
}

function report(made: BackedUp, to: string, json: boolean, { say, warn }: Surroundings): void {
  for (const { space, document, what } of made.damaged) {
    warn(`${space}/${document} is damaged: ${what}. What the backup before had of it is kept; see "holdfast repair".`)
  }
  for (const { space, hash } of made.missingBlobs) {
    warn(
      `The blob ${hash} of ${space} could not be read; what a backup before had of it is kept. See "holdfast verify".`,
    )
  }
  if (json) {
    say(`${JSON.stringify({ event: 'backed-up', to, ...made })}\n`)
    return
  }
  const kind = made.base === null ? 'in full' : `on top of ${made.base}`
  const blobs = `${made.newBlobs} of ${counted(made.blobs, 'blob')} (${bytesInWords(made.newBlobBytes)})`
  say(
    `Backup ${made.number} in ${to}, ${kind}: ${made.newDocuments} of ${counted(made.documents, 'document')} (${bytesInWords(made.newBytes)}) and ${blobs} were new.\n`,
  )
}
