import { createMemoryLog } from '@holdfast/update-log/memory'
import { describeContract } from './contract.ts'

describeContract('memory', { open: async (options) => createMemoryLog(options), reopen: null })
