export { openDiskBlobs } from './disk.ts'
export { createMemoryBlobFolder, createMemoryBlobs, type MemoryBlobFolder } from './memory.ts'
