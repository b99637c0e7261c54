import type { UpdateLog } from '@holdfast/update-log'
import { createMemoryFolder, createMemoryLog, type MemoryFolder } from '@holdfast/update-log/memory'
import { expect, test } from 'vitest'
import { describeContract } from './contract.ts'

const folders = new Map<UpdateLog, MemoryFolder>()

function openIn(folder: MemoryFolder, options: { readonly summaryLimit?: number } = {}): UpdateLog {
  const log = createMemoryLog({ ...options, folder })
  folders.set(log, folder)
  return log
}

describeContract('memory', {
  open: async (options) => openIn(createMemoryFolder(), options),
  reopen: async (old) => {
    await old.close()
    return openIn(folders.get(old) ?? createMemoryFolder())
  },
})

test('U16 a memory folder that was copied has a past in common and no future', async () => {
  const ref = { space: 'default', document: 'one' }
  const folder = createMemoryFolder()
  const first = openIn(folder)
  await first.append(ref, Uint8Array.of(1))
  const { history } = first
  const copy = folder.copy()
  await first.append(ref, Uint8Array.of(2))
  await first.close()
  const again = openIn(folder)
  const other = openIn(copy)
  expect((await again.load(ref))?.seq).toBe(2)
  expect((await other.load(ref))?.seq).toBe(1)
  expect(again.follows('default', history, 1)).toBe(true)
  expect(other.follows('default', again.history, 1)).toBe(false)
})
