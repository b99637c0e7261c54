import type { Benchmark } from '../benchmark.ts'
import { once, prepareContest, withServer } from '../relay/contest.ts'
import { memoryOf, settled } from '../relay/process-usage.ts'
import { atMost, megabytes } from '../relay/rows.ts'

const CONVERSATIONS = 20
const EACH = 25_000

export const relayMemory: Benchmark = {
  name: 'relay-memory',
  title: 'Memory over 500,000 updates',
  about: `${CONVERSATIONS} conversations with one writer and 3 watchers each, ${CONVERSATIONS * EACH} updates of 4 characters in all, as fast as they go: the most that was resident of the server’s process until it rested, its storage caught up. One run each.`,
  usesBrowser: false,
  runs: 1,
  async run(bench) {
    const contest = await prepareContest(bench)
    const of = await once(bench, contest, (name) =>
      withServer(contest, name, async (server, clients) => {
        await clients.run('stream', {
          target: server.target,
          name: 'stream',
          conversations: CONVERSATIONS,
          watchers: 3,
          each: EACH,
          rate: 0,
          window: 500,
          acked: null,
        })
        await settled(server.pid, 2_500, 90_000)
        const { peak } = await memoryOf(server.pid)
        bench.say(`${name}: ${megabytes(peak)}`)
        return { peak }
      }),
    )
    return {
      figures: [],
      rows: [
        { what: 'RSS peak, 500,000 updates', show: megabytes, values: of('peak'), asked: atMost(200e6, megabytes) },
      ],
      notes: contest.notes,
    }
  },
}
