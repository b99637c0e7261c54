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
    const disk = { log: await sizeOf(join(data, 'log')), blobs: await sizeOf(join(data, 'blobs')) }
    say(
      given.has('json')
        ? `${JSON.stringify({ event: 'stats', data, ...counted, disk })}\n`
        : inWords(data, counted, disk),
    )
    return 0
  },
}

function inWords(data: string, { spaces, largest }: Counted, disk: { log: number; blobs: number }): string {
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
  return `${data}\n\n${table(rows)}\n${largest.length === 0 ? '' : `${table(top)}\n`}${onDisk}\n`
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(
      (row) => `${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}\n`,
    )
    .join('')
}

/** What the files of a folder come to; those that go away meanwhile are not there. */
async function sizeOf(directory: string): Promise<number> {
  let bytes = 0
  let names: string[]
  try {
    names = await readdir(directory, { recursive: true })
  } catch {
    return 0
  }
  for (const name of names) {
    const found = await stat(join(directory, name)).catch(() => null)
    if (found?.isFile() === true) bytes += found.size
  }
  return bytes
}
