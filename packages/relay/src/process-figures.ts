import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ProcessFigures } from './metrics.ts'

/** How exactly the event loop is watched, in ms. */
const RESOLUTION = 100

/** Watches this process, for its metrics. */
export function lookAtProcess(): { figures(): ProcessFigures; close(): void } {
  const turns = monitorEventLoopDelay({ resolution: RESOLUTION })
  turns.enable()
  return {
    figures() {
      const { user, system } = process.cpuUsage()
      const longestTurn = Math.max(0, turns.max / 1e9 - RESOLUTION / 1000)
      turns.reset()
      return {
        residentBytes: process.memoryUsage.rss(),
        cpuSeconds: (user + system) / 1e6,
        startedAt: Math.round(Date.now() / 1000 - process.uptime()),
        longestTurn,
      }
    },
    close: () => void turns.disable(),
  }
}
