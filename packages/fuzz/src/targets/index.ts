import type { Target } from '../target.ts'
import { connection } from './connection.ts'
import { clientFrames, relayFrames, stockFrames } from './frames.ts'
import { updates } from './updates.ts'

export const TARGETS: readonly Target[] = [updates, stockFrames, clientFrames, relayFrames, connection]
