import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Counted, countFolder, withFolder } from '@holdfast/update-log/upkeep'
import { type Command, DATA_FLAG, JSON_FLAG } from '../command.ts'
import { dataOf } from '../data-folder.ts'
import { bytesInWords } from '../in-words.ts'
import { withFolderOrRelay } from '../reach.ts'

export const stats: Command = {
  name: 'stats',
  summary: 'Say what is in a data folder, and what needs most room',
  text: 'Counts spaces, documents, updates, bytes and blobs, and names the largest documents. Also while it is served.',
  positionals: [],
  flags: { ...DATA_FLAG, ...JSON_FLAG },
  async run(given, { env, now, say }) {
    const data = dataOf(given, env)
    const counted = await withFolderOrRelay(
      data,
      now,
      () => withFolder(data, ({ view, blobs }) => countFolder(view, blobs, 10)),
      async (relay) => (await (await relay.request('/admin/stats')).json()) as Counted,
    )
    const [log, blobs] = [await sizeOf(join(data, 'log')), await sizeOf(join(data, 'blobs'))]
    const disk = { log: log.bytes, blobs: blobs.bytes, unseen: [...log.unseen, ...blobs.unseen] }
    say(
      given.has('json')
        ? `${JSON.stringify({ event: 'stats', data, ...counted, disk })}\n`
        : inWords(data, counted, disk),
    )
    return 0
  },
}

interface Disk {
  /** Bytes. */
  readonly log: number
  readonly blobs: number
  /** What could not be looked at, and why: it is not in those bytes. */
  readonly unseen: readonly string[]
}

function inWords(data: string, { spaces, largest }: Counted, disk: Disk): string {
  const rows = [
    ['space', 'documents', 'purged', 'updates', 'bytes', 'not compacted', 'blobs', 'bytes'],
    ...spaces.map((s) => [
      s.space,
      String(s.documents),
      String(s.purged),
      String(s.updates),
      bytesInWords(s.bytes),
      String(s.uncompacted),
      String(s.blobs),
      bytesInWords(s.blobBytes),
    ]),
  ]
  const top = [
    ['largest', 'updates', 'bytes', 'not compacted'],
    ...largest.map((d) => [
      `${d.space}/${d.document}`,
      String(d.updates),
      bytesInWords(d.bytes),
      String(d.uncompacted),
    ]),
  ]
  const onDisk = `On the disk: log ${bytesInWords(disk.log)}, blobs ${bytesInWords(disk.blobs)}.`
  const unseen = disk.unseen.map((what) => `Not counted, because it cannot be looked at: ${what}.\n`).join('')
  return `${data}\n\n${table(rows)}\n${largest.length === 0 ? '' : `${table(top)}\n`}${onDisk}\n${unseen}`
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(
      (row) => `${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}\n`,
    )
    .join('')
}

/** What the files of a folder come to. Those that go away meanwhile are not there; those that cannot be looked at are named. */
async function sizeOf(directory: string): Promise<{ readonly bytes: number; readonly unseen: readonly string[] }> {
  let bytes = 0
  const unseen: string[] = []
  const orUnseen = async <T>(path: string, look: Promise<T>): Promise<T | null> => {
    try {
      return await look
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') unseen.push(`${path} (${code})`)
      return null
    }
  }
  const names = (await orUnseen(directory, readdir(directory, { recursive: true }))) ?? []
  for (const name of names) {
    const path = join(directory, name)
    const found = await orUnseen(path, stat(path))
    if (found?.isFile() === true) bytes += found.size
  }
  return { bytes, unseen }
}
