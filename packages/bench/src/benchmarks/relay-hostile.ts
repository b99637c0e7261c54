import type { Benchmark } from '../benchmark.ts'
import { byTurns, prepareContest, withServer } from '../relay/contest.ts'
import { forgetPeak, memoryOf } from '../relay/process-usage.ts'
import { atMost, count, megabytes, millis } from '../relay/rows.ts'

const CONNECTIONS = 20
const FRAMES = 100
const RATE = 500

export const relayHostile: Benchmark = {
  name: 'relay-hostile',
  title: 'An honest conversation beside hostile ones',
  about: `One writer and three watchers, ${RATE} updates a second, while ${CONNECTIONS} connections that were let in to conversations of their own send ${CONNECTIONS * FRAMES} bad frames: noise, halves of updates, lengths that lie, updates that build on what nobody has, deep nesting. One that is closed comes again. Memory is the most that was resident, above what was before.`,
  usesBrowser: false,
  runs: 3,
  async run(bench) {
    const contest = await prepareContest(bench, ['y-websocket', 'hocuspocus', 'ours'])
    const of = await byTurns(bench, contest, (name, round) =>
      withServer(contest, name, async (server, clients) => {
        await clients.run('stream', {
          target: server.target,
          name: 'warm',
          conversations: 4,
          watchers: 3,
          each: 1_000,
          rate: 2_000,
          window: 0,
          acked: null,
        })
        await forgetPeak(server.pid)
        const before = await memoryOf(server.pid)
        const { delivery, lost, closed } = await clients.run('hostile', {
          target: server.target,
          name: 'hostile',
          seed: round,
          connections: CONNECTIONS,
          frames: FRAMES,
          rate: RATE,
        })
        if (!server.isRunning) throw new Error(`${name} ended`)
        const grown = (await memoryOf(server.pid)).peak - before.resident
        bench.say(`${name}: p99 ${millis(delivery.p99)}, ${megabytes(grown)}, ${lost} lost, closed ${closed} times`)
        return { p99: delivery.p99, p50: delivery.p50, grown, lost, closed }
      }),
    )
    return {
      figures: [],
      rows: [
        { what: 'honest delivery p99', show: millis, values: of('p99'), asked: atMost(20, millis) },
        { what: 'honest delivery, median', show: millis, values: of('p50') },
        { what: 'RSS growth', show: megabytes, values: of('grown'), asked: atMost(50e6, megabytes) },
        {
          what: 'honest updates that a watcher did not get',
          show: count,
          values: of('lost'),
          asked: { text: '0', isReached: (median) => median('ours') === 0 },
        },
        { what: 'hostile connections closed', show: count, values: of('closed') },
      ],
      notes: contest.notes,
    }
  },
}
