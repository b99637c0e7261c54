import { setTimeout as wait } from 'node:timers/promises'
import { seededRandom } from '@holdfast/testkit'
import type { Benchmark } from '../benchmark.ts'
import { Clients } from '../relay/clients.ts'
import { once, prepareContest } from '../relay/contest.ts'
import { count } from '../relay/rows.ts'
import { Server } from '../relay/server.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const ROUNDS = 10
const CONVERSATIONS = 5
const RATE = 1_000
const SEED = 4

export const relayCrash: Benchmark = {
  name: 'relay-crash',
  title: 'Shown to others, and gone after SIGKILL',
  about: `${CONVERSATIONS} conversations, ${RATE} updates a second of all together; the server is killed at a random moment and started again over the same folder; what a watcher had been shown and the server has no more is gone. ${ROUNDS} rounds, summed up.`,
  usesBrowser: false,
  runs: 1,
  async run(bench) {
    const contest = await prepareContest(bench, ['y-websocket', 'hocuspocus', 'ours'])
    const of = await once(bench, contest, async (name) => {
      const random = seededRandom(SEED)
      await using folder = await TemporaryFolder.make(name)
      let gone = 0
      let shown = 0
      for (let round = 0; round < ROUNDS; round += 1) {
        await using clients = new Clients()
        await using server = await Server.start(name, contest.peers, folder.path)
        const about = { name: `round${round}-`, conversations: CONVERSATIONS }
        const killed = wait(500 + random.int(900)).then(() => server.end('SIGKILL'))
        const before = await clients.run('shown', { ...about, target: server.target, rate: RATE, each: 2_000 })
        await killed
        await using again = await Server.start(name, contest.peers, folder.path)
        const after = await clients.run('stored', { ...about, target: again.target })
        for (const [number, reached] of before.reached.entries()) {
          shown += reached
          gone += Math.max(0, reached - after.reached[number]!)
        }
      }
      bench.say(`${name}: ${gone} of ${shown}`)
      return { gone, shown }
    })
    return {
      figures: [],
      rows: [
        {
          what: `shown to others and gone after SIGKILL, ${ROUNDS} rounds`,
          show: count,
          values: of('gone'),
          asked: { text: '0', isReached: (median) => median('ours') === 0 },
        },
        { what: 'of so many shown', show: count, values: of('shown') },
      ],
      notes: [...contest.notes, `The moments come from a seed (${SEED}) and count from the server’s start.`],
    }
  },
}
