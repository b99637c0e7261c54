export { LEAST_CHANNELS } from '@holdfast/protocol'
export {
  type Access,
  AccessConfigurationError,
  type AccessOptions,
  BadTokenWishError,
  type CreatedToken,
  createAccess,
  type Grant,
  type Role,
  type TokenClaims,
  type TokenWish,
} from './access.ts'
export { type AdminOperation, readJson } from './admin.ts'
export { type CostlyNotes, openCostlyNotes, type TooCostly } from './costly.ts'
export type { RelayEvent } from './events.ts'
export { inlineExaminer } from './examine/inline.ts'
export { ExamineError, type ExamineErrorCode, type Examiner } from './examine/port.ts'
export { createThreadExaminer, type ThreadExaminerOptions } from './examine/worker.ts'
export { isProxyAddress } from './forwarding.ts'
export { type Clock, DEFAULT_LIMITS, type Limits, type RelayOptions } from './options.ts'
export { type Refusal, type RefusalCode, refusal, sendJson } from './refusal.ts'
export { createRelay, type Relay } from './relay.ts'
export type { SocketServer, SocketServerOptions } from './sockets.ts'
export {
  createIssuer,
  DEFAULT_CLAIM,
  type Issuer,
  type IssuerOptions,
  IssuerUnreachableError,
} from './tokens/issuer.ts'
export {
  type LedgerCondition,
  type LedgerOptions,
  type ListedToken,
  openTokenLedger,
  TOKEN_FILES,
  type TokenLedger,
} from './tokens/ledger.ts'
export { TokenLedgerError } from './tokens/ledger-error.ts'
export { isTokenId, isTokenName, type TokenRecord } from './tokens/record.ts'
export { warmUp } from './warm-up/warm-up.ts'
export type { Wire, WireListener } from './wire.ts'
