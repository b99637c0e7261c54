export type { Problem, Progress, UpkeepOptions } from './problems.ts'
export type { FateOfDocument } from './rebuild-log.ts'
export { type Repaired, type RepairOptions, repairFolder } from './repair.ts'
export { type Verified, verifyFolder, verifyLog } from './verify.ts'
