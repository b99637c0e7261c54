import type { SyncLimits, VersionRange } from '@holdfast/protocol'
import type { UpdateLog } from '@holdfast/update-log'
import type { RelayEvent } from '../events.ts'
import type { Gate } from '../gate.ts'
import type { Metrics } from '../metrics.ts'
import type { Clock, Limits } from '../options.ts'
import type { Rooms } from '../rooms.ts'
import type { Tenures } from '../tenure.ts'

/** What all connections of `/sync` share. */
export interface SyncServices {
  readonly log: UpdateLog
  readonly gate: Gate
  readonly rooms: Rooms
  readonly clock: Clock
  readonly limits: Limits
  readonly syncLimits: SyncLimits
  readonly versions: VersionRange
  readonly metrics: Metrics
  readonly report: (event: RelayEvent) => void
  readonly tenures: Tenures
}
