import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UpdateLog } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { afterAll } from 'vitest'
import { describeContract } from './contract.ts'

const folders = new Map<UpdateLog, string>()

afterAll(async () => {
  for (const directory of folders.values()) await rm(directory, { recursive: true, force: true })
})

describeContract('level', {
  async open(options) {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-contract-'))
    const log = await openLevelLog({ directory, ...options })
    folders.set(log, directory)
    return log
  },
  async reopen(old) {
    const directory = folders.get(old)
    if (directory === undefined) throw new Error('not opened here')
    await old.close()
    const log = await openLevelLog({ directory })
    folders.set(log, directory)
    return log
  },
})
