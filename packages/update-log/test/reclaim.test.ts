import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { tableBytes } from '../src/level/table-bytes.ts'
import { openLevelLog } from '../src/level.ts'
import { temporaryFolder } from './folders.ts'

describe('the disk', () => {
  it('U10 a small log gives back what a compaction freed at once, and what its log file holds once more', async () => {
    const directory = await temporaryFolder()
    const log = await openLevelLog({ directory })
    const ref = { space: 'default', document: 'streamed' }
    const doc = new Y.Doc()
    let written = 0
    const appends: Promise<unknown>[] = []
    doc.on('update', (update: Uint8Array) => {
      written += update.length
      appends.push(log.append(ref, update))
    })
    const text = doc.getText('text')
    for (let i = 0; i < 100; i += 1) text.insert(text.length, 'the same four thousand characters '.repeat(120))
    await Promise.all(appends)
    expect(written).toBeGreaterThan(400_000)
    expect(await bytesOnDisk(directory)).toBeGreaterThan(400_000)
    expect((await log.compact(ref)).outcome).toBe('compacted')
    await log.close()
    expect(await bytesOnDisk(directory)).toBeLessThan(100_000)
    const again = await openLevelLog({ directory })
    const loaded = await again.load(ref)
    const read = new Y.Doc()
    Y.applyUpdate(read, loaded!.snapshot!)
    expect(read.getText('text').toString()).toBe(text.toString())
    await again.close()
  })

  it('what its tables hold is told, and nothing is known of a folder that is not there', async () => {
    expect(await tableBytes(await temporaryFolder())).toBe(0)
    expect(await tableBytes('/no/such/folder')).toBe(Number.POSITIVE_INFINITY)
  })
})

async function bytesOnDisk(directory: string): Promise<number> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
