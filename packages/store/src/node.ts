export { updateLogPersistence } from './persistence/update-log.ts'
