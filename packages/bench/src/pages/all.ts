export { saveWithStore, saveWithYIndexedDb } from './saved.ts'
export { type SpaceSeed, seedSpace } from './seed.ts'
export {
  answerNext,
  clockError,
  installModel,
  joinStock,
  type Stream,
  tokensSeen,
  writeStock,
} from './tokens.ts'
export { openConversation, openList, seedConversation, seedList } from './y-indexeddb.ts'
