export { openAhead } from './file.ts'
export { createMemoryAhead, type MemoryAheadFolder } from './memory.ts'
