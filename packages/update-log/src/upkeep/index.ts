export { type BackedUp, type BackupOptions, type BackupSource, makeBackup } from './backup.ts'
export {
  type BackupBase,
  type BackupItem,
  type BackupPoint,
  type BlobSource,
  backupItems,
  type DocumentState,
} from './backup-items.ts'
export { folderSource, type OpenFolder, smallFiles, withFolder } from './backup-source.ts'
export { decodeItems, encodeFailure, encodeItem } from './backup-wire.ts'
export { type Counted, countFolder, type DocumentCount, type SpaceCount } from './count.ts'
export { type FolderLook, lookAtFolder } from './look.ts'
export type { Manifest } from './manifest.ts'
export type { Problem, Progress, UpkeepOptions } from './problems.ts'
export type { FateOfDocument } from './rebuild-log.ts'
export { type Repaired, type RepairOptions, repairFolder } from './repair.ts'
export { type Restored, type RestoreOptions, restoreBackup } from './restore.ts'
export { type Verified, verifyFolder, verifyLog } from './verify.ts'
export { type VerifiedBackup, verifyBackup } from './verify-backup.ts'
