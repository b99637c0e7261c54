import type { Benchmark } from '../benchmark.ts'
import type { Percentiles } from '../relay/client/stream.ts'
import { TOKEN } from '../relay/contenders.ts'
import { byTurns, prepareContest, withServer } from '../relay/contest.ts'
import { atMost, millis } from '../relay/rows.ts'

const SHAPE = { name: 'stream', conversations: 20, watchers: 3, window: 0 }
const RATE = 1_000
const SECONDS = 3
/** What comes first compiles the programs' hot paths. */
const WARM_SECONDS = 2

export const relayLatency: Benchmark = {
  name: 'relay-latency',
  title: 'From one window to the others at 1,000 updates a second',
  about: `${SHAPE.conversations} conversations with one writer and ${SHAPE.watchers} watchers each, ${RATE} updates a second of all together, for ${SECONDS} s after ${WARM_SECONDS} s to warm up. Delivery is from handing an update to a writer’s socket until a watcher has it, acknowledged from the same moment of a writer over \`/sync\` until the relay’s word that it is fsynced.`,
  usesBrowser: false,
  runs: 3,
  async run(bench) {
    const contest = await prepareContest(bench)
    const of = await byTurns(bench, contest, (name) =>
      withServer(contest, name, async ({ target }, clients) => {
        const at = (seconds: number) => ({ ...SHAPE, target, rate: RATE, each: (RATE * seconds) / SHAPE.conversations })
        await clients.run('stream', { ...at(WARM_SECONDS), name: 'warm', acked: null })
        const { delivery } = await clients.run('stream', { ...at(SECONDS), acked: null })
        const figures = { ...named('delivery', delivery), ackP50: Number.NaN, ackP99: Number.NaN }
        if (name !== 'ours') return say(figures)
        await clients.run('stream', { ...at(WARM_SECONDS), name: 'warm-acked', acked: { token: TOKEN } })
        const { ack } = await clients.run('stream', { ...at(SECONDS), name: 'acked', acked: { token: TOKEN } })
        return say({ ...figures, ...named('ack', ack) })

        function say<T extends Record<string, number>>(all: T): T {
          const text = Object.entries(all).map(([figure, value]) => `${figure} ${millis(value)}`)
          bench.say(`${name}: ${text.join(', ')}`)
          return all
        }
      }),
    )
    return {
      figures: [],
      rows: [
        { what: 'delivery p99', show: millis, values: of('deliveryP99'), asked: atMost(0.6, millis) },
        { what: 'delivery, median', show: millis, values: of('deliveryP50') },
        { what: 'acknowledged p99', show: millis, values: of('ackP99', ['ours']), asked: atMost(2, millis) },
        { what: 'acknowledged, median', show: millis, values: of('ackP50', ['ours']) },
      ],
      notes: contest.notes,
    }
  },
}

function named(what: string, percentiles: Percentiles | null): Record<string, number> {
  if (percentiles === null) throw new Error(`${what} was not timed`)
  return { [`${what}P50`]: percentiles.p50, [`${what}P99`]: percentiles.p99 }
}
