import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '@holdfast/testkit'

/** Every kind of file in a data folder. */
const KINDS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['table', /^log\/\d+\.ldb$/],
  ['log', /^log\/\d+\.log$/],
  ['list of files', /^log\/MANIFEST-\d+$/],
  ['CURRENT', /^log\/CURRENT$/],
  ['LOCK', /^log\/LOCK$/],
  ['mark', /^mark$/],
  ['ahead', /^ahead$/],
  ['version', /^format$/],
  ['key', /^key$/],
  ['tokens', /^tokens\.(copy\.)?log$/],
  ['references', /^blobs\/[0-9a-f]+\/references$/],
  ['blob', /^blobs\/[0-9a-f]+\/[0-9a-f]{2}\/[0-9a-f]{64}$/],
]

/** Of a table, its end says where everything in it is: LevelDB's footer (48 bytes) and, before it, the index's last bytes. */
const INDEX = 'index of a table'
const INDEX_BYTES = 48 + 5 + 12

export interface Harm {
  readonly kind: string
  readonly file: string
  /** What was done, for the report. */
  readonly what: string
}

/** Which kinds of file there are in a folder, each with its files. */
export async function kindsIn(data: string): Promise<Map<string, string[]>> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true })
  const kinds = new Map<string, string[]>()
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
      .slice(data.length + 1)
      .replaceAll('\\', '/')
    const kind = KINDS.find(([, pattern]) => pattern.test(file))?.[0]
    if (kind !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), file].sort())
  }
  const tables = kinds.get('table')
  if (tables !== undefined) kinds.set(INDEX, tables)
  return kinds
}

/** Does some harm to a file. */
export async function harm(data: string, kind: string, files: readonly string[], random: Random): Promise<Harm> {
  const file = random.pick(files)
  const path = join(data, file)
  const bytes = await readFile(path)
  if (kind === INDEX) return flip(path, bytes, bytes.length - INDEX_BYTES + random.int(INDEX_BYTES), random.int(8))
  const way = random.int(10)
  if (way === 0) {
    await rm(path)
    return { kind, file, what: 'removed' }
  }
  if (way <= 2 || bytes.length === 0) {
    const length = random.int(bytes.length + 1)
    await truncate(path, length)
    return { kind, file, what: `cut from ${bytes.length} to ${length} bytes` }
  }
  const at = random.int(bytes.length)
  if (way === 3) {
    const end = Math.min(bytes.length, at + 512)
    bytes.fill(0, at, end)
    await writeFile(path, bytes)
    return { kind, file, what: `zeros from ${at} to ${end} of ${bytes.length}` }
  }
  return flip(path, bytes, at, random.int(8))

  async function flip(path: string, bytes: Buffer, at: number, bit: number): Promise<Harm> {
    bytes[at]! ^= 1 << bit
    await writeFile(path, bytes)
    return { kind, file, what: `bit ${bit} of byte ${at} of ${bytes.length} flipped` }
  }
}
