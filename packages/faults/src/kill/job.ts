import { kills } from './kills.ts'
import type { JobWord } from './part.ts'

// A process of its own: some of the kills, on a folder of its own.
const [count, seed] = process.argv.slice(2).map(Number)
const tell = (word: JobWord): Promise<void> =>
  new Promise((resolve, reject) => process.send?.(word, (error: Error | null) => (error ? reject(error) : resolve())))

let isEnough = false
process.on('message', () => {
  isEnough = true
})
// Signals to the whole group are for whoever started us, who tells.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined)
const report = await kills({
  kills: count ?? 0,
  seed: seed ?? 0,
  isEnough: () => isEnough,
  onKill: (done) => {
    if (done % 10 === 0) void tell({ done })
  },
})
await tell({ report })
process.disconnect()
