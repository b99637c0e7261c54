import type { Benchmark } from '../benchmark.ts'
import { byTurns, prepareContest, withServer } from '../relay/contest.ts'
import { cpuOf, settled } from '../relay/process-usage.ts'
import { count, micros } from '../relay/rows.ts'

const CONVERSATIONS = 20
const WATCHERS = 3
const EACH = 5_000
const WINDOW = 500
/** Longer than Hocuspocus waits before it stores (2 s). In ms. */
const QUIET_MS = 2_500
const LONGEST_MS = 60_000

export const relayThroughput: Benchmark = {
  name: 'relay-throughput',
  title: 'Updates a second, and what each costs the relay',
  about: `${CONVERSATIONS} conversations with one writer and ${WATCHERS} watchers each, ${CONVERSATIONS * EACH} updates of 4 characters in all, as fast as they go: at most ${WINDOW} of one writer are on their way to the slowest of its watchers. CPU is all of the server’s threads until it rests, its storage caught up.`,
  usesBrowser: false,
  runs: 3,
  async run(bench) {
    const contest = await prepareContest(bench)
    const of = await byTurns(bench, contest, (name) =>
      withServer(contest, name, async (server, clients) => {
        const before = await cpuOf(server.pid)
        const { seconds, messages } = await clients.run('stream', {
          target: server.target,
          name: 'stream',
          conversations: CONVERSATIONS,
          watchers: WATCHERS,
          each: EACH,
          rate: 0,
          window: WINDOW,
          acked: null,
        })
        const updates = CONVERSATIONS * EACH
        const busy = await cpuOf(server.pid)
        const after = await settled(server.pid, QUIET_MS, LONGEST_MS)
        const figures = {
          rate: updates / seconds,
          cpu: ((after - before) * 1000) / updates,
          joined: updates / messages,
        }
        bench.say(
          `${name}: ${Math.round(figures.rate)}/s, ${figures.cpu.toFixed(1)} µs (${(((busy - before) * 1000) / updates).toFixed(1)} while it went), ${figures.joined.toFixed(1)} joined`,
        )
        return figures
      }),
    )
    return {
      figures: [],
      rows: [
        {
          what: 'updates/s sustained',
          show: count,
          values: of('rate'),
          asked: {
            text: '1.4 × Hocuspocus and 0.9 × the limit, or more',
            isReached: (median) =>
              median('ours') >= 1.4 * median('hocuspocus') && median('ours') >= 0.9 * median('limit'),
          },
        },
        {
          what: 'relay CPU per update at that rate, storage caught up',
          show: micros,
          values: of('cpu'),
          asked: {
            text: '1.2 × the limit or less',
            isReached: (median) => median('ours') <= 1.2 * median('limit'),
          },
        },
        { what: 'updates in one message to a watcher', show: count, values: of('joined') },
      ],
      notes: contest.notes,
    }
  },
}
