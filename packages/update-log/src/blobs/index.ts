export { openDiskBlobs } from './disk.ts'
export { createMemoryBlobs } from './memory.ts'
