import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BlobStore, UpdateLog } from '@holdfast/update-log'
import type { RelayEvent } from '../events.ts'
import type { Gate } from '../gate.ts'
import type { Clock, Limits } from '../options.ts'
import type { Quota } from '../quota.ts'
import type { Refusal } from '../refusal.ts'
import { type CutWithToken, createBlobHandler } from './http.ts'
import { keepBlobs } from './keeper.ts'

type Refuse = (request: IncomingMessage, response: ServerResponse, why: Refusal) => void

/** Everything the relay does with blobs. */
export interface BlobService {
  /** Answers `/blobs/...`. */
  handler(refuse: Refuse, cutWithToken: CutWithToken): ReturnType<typeof createBlobHandler>
  /** Names of what was set aside. */
  quarantine(): Promise<readonly string[]>
  close(): Promise<void>
}

export function createBlobService(options: {
  readonly blobs: BlobStore
  readonly log: UpdateLog
  readonly clock: Clock
  readonly limits: Limits
  readonly gate: Gate
  readonly quota: Quota
  readonly report: (event: RelayEvent) => void
}): BlobService {
  const { blobs, log, clock, limits, gate, quota, report } = options
  const { blobGrace: grace, blobSweepEvery: sweepEvery, blobBytes: limit, unfinishedFor } = limits
  const keeper = keepBlobs({ blobs, log, clock, grace, sweepEvery, report })
  return {
    handler: (refuse, cutWithToken) =>
      createBlobHandler({ blobs, keeper, gate, limit, quota, grace, unfinishedFor, clock, refuse, cutWithToken }),
    quarantine: () => blobs.quarantine(),
    close: keeper.close,
  }
}
