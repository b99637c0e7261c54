export {
  type AwarenessEntry,
  type AwarenessUpdate,
  decodeAwareness,
  encodeAwareness,
} from './awareness.ts'
export { CLOSE, type CloseCode, isFinalClose } from './close-codes.ts'
export type { Decision, Position } from './decision.ts'
export {
  decodeStockFrame,
  encodeAwarenessFrame,
  encodePermissionDenied,
  encodeQueryAwareness,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
  type StockFrame,
} from './frames.ts'
export { Intake } from './intake.ts'
export { isName, NAME_PATTERN } from './names.ts'
export {
  type HeldFrame,
  openPeer,
  type PeerEffect,
  type PeerEvent,
  type PeerFrame,
  type PeerState,
  type PeerStep,
  stepPeer,
  type UpdateSource,
} from './peer.ts'
export { type Heard, Presence, type Speaker } from './presence.ts'
export { type ScannedDeletion, type ScannedStruct, type ScannedUpdate, scanUpdate } from './scan.ts'
export { decodeStateVector, encodeStateVector, type StateVector } from './state-vector.ts'
export { BadUpdateError, diffUpdate, EMPTY_UPDATE, joinUpdates } from './updates.ts'
