export { type KillsOptions, type KillsReport, kills } from './kill/kills.ts'
