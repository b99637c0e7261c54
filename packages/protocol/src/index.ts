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
export { isName, NAME_PATTERN } from './names.ts'
