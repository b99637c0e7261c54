export { ImportError, type ImportErrorCode, type Imported, importYIndexedDb } from './import-y-indexeddb.ts'
export { type YIndexedDbOptions, yIndexedDbPersistence } from './persistence/y-indexeddb.ts'
