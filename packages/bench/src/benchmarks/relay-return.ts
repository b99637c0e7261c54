import type { Benchmark } from '../benchmark.ts'
import type { Script } from '../relay/client/script.ts'
import { Clients } from '../relay/clients.ts'
import { byTurns, prepareContest } from '../relay/contest.ts'
import { settled } from '../relay/process-usage.ts'
import { atMost, seconds } from '../relay/rows.ts'
import { Server } from '../relay/server.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const DOCUMENTS = 100
const EACH = 5
const SCRIPTS = Array.from({ length: DOCUMENTS }, (_, number): Script => ({ kind: 'chat', number, messages: 20 }))

export const relayReturn: Benchmark = {
  name: 'relay-return',
  title: `${DOCUMENTS * EACH} clients back after a restart`,
  about: `${DOCUMENTS} conversations of 20 messages with ${EACH} clients each, all of which have them whole, one of each with an edit made meanwhile. The server has just been started again and all connect at once; from the first connection accepted until every client has its conversation’s edit. Of the limit, connections alone.`,
  usesBrowser: false,
  runs: 3,
  async run(bench) {
    const contest = await prepareContest(bench)
    const of = await byTurns(bench, contest, async (name) => {
      await using folder = await TemporaryFolder.make(name)
      await using clients = new Clients()
      if (name !== 'limit') {
        await using first = await Server.start(name, contest.peers, folder.path)
        await clients.run('fill', { target: first.target, name: 'document', scripts: SCRIPTS })
        await settled(first.pid, 1_000, 30_000)
        await first.end('SIGTERM')
      }
      await using server = await Server.start(name, contest.peers, folder.path)
      await settled(server.pid, 500, 10_000)
      const { ms } = await clients.run('back', {
        target: server.target,
        name: 'document',
        scripts: SCRIPTS,
        clientsEach: EACH,
      })
      bench.say(`${name}: ${seconds(ms / 1000)}`)
      return { seconds: ms / 1000 }
    })
    return {
      figures: [],
      rows: [
        {
          what: `${DOCUMENTS * EACH} clients back after a restart, from first accept to all converged`,
          show: seconds,
          values: of('seconds'),
          asked: atMost(0.2, seconds),
        },
      ],
      notes: contest.notes,
    }
  },
}
