export { saveWithStore, saveWithYIndexedDb } from './saved.ts'
export { type SpaceSeed, seedSpace } from './seed.ts'
export { openConversation, openList, seedConversation, seedList } from './y-indexeddb.ts'
