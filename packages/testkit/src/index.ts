export { type VirtualClock, virtualClock } from './clock.ts'
export type { Link, ServerListener, ServerWire } from './link.ts'
export {
  createNetwork,
  type Host,
  type HttpAnswer,
  type HttpRequest,
  type Network,
  type NetworkTally,
  type Server,
  type UpgradeRequest,
} from './network.ts'
export { type Random, seededRandom } from './random.ts'
export { createProcess, createSchedule, type Lane, type Process, type Schedule } from './schedule.ts'
export { channelHub, type Deliver, lockManager, type TabChannel, type TabLocks } from './tabs.ts'
