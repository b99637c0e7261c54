import { cp } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Benchmark } from '../benchmark.ts'
import type { Script } from '../relay/client/script.ts'
import { Clients } from '../relay/clients.ts'
import type { ContenderName } from '../relay/contenders.ts'
import { byTurns, prepareContest } from '../relay/contest.ts'
import { settled } from '../relay/process-usage.ts'
import { atMost, millis } from '../relay/rows.ts'
import { Server } from '../relay/server.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const SCRIPT: Script = { kind: 'streamed', number: 1, messages: 1_000, tokens: 20_000 }
const DOCUMENT = 'long'
/** Tokens come this fast, so that most are records of their own. Per second. */
const RATE = 4_000
/** Longer than a relay keeps a document that nobody has open. In ms. */
const UNLOADED_MS = 13_000

export const relayCold: Benchmark = {
  name: 'relay-cold',
  title: 'A long conversation opened when the relay has just been restarted',
  about:
    'A conversation of 1,000 messages was written with 20,000 token updates; the server was started anew; from connecting until the client has all of it. Never compacted: the server that wrote it was killed at the last update. Compacted: it was left alone until it had put its storage in order, and ended.',
  usesBrowser: false,
  runs: 3,
  async run(bench) {
    const contest = await prepareContest(bench, ['y-websocket', 'hocuspocus', 'ours'])
    await using kept = new AsyncDisposableStack()
    const clients = kept.use(new Clients())
    const folders = new Map<string, string>()
    const folderOf = async (name: ContenderName, isCompacted: boolean): Promise<string> => {
      const key = `${name} ${isCompacted}`
      const known = folders.get(key)
      if (known !== undefined) return known
      const folder = kept.use(await TemporaryFolder.make(name))
      await using server = await Server.start(name, contest.peers, folder.path)
      await clients.run('write', { target: server.target, document: DOCUMENT, script: SCRIPT, rate: RATE })
      if (isCompacted || name !== 'ours') {
        await clients.run('closeAll', null)
        if (name === 'ours') await wait(UNLOADED_MS)
        await settled(server.pid, 2_500, 30_000)
        await server.end('SIGTERM')
      }
      folders.set(key, folder.path)
      return folder.path
    }
    const opened = async (name: ContenderName, isCompacted: boolean): Promise<number> => {
      // A copy, because the first opening puts some storages in order.
      await using folder = await TemporaryFolder.make(name)
      await cp(await folderOf(name, isCompacted), folder.path, { recursive: true })
      await using server = await Server.start(name, contest.peers, folder.path)
      await settled(server.pid, 500, 10_000)
      const { ms } = await clients.run('openOne', { target: server.target, document: DOCUMENT, script: SCRIPT })
      return ms
    }
    const of = await byTurns(bench, contest, async (name) => {
      const compacted = await opened(name, true)
      const figures = { compacted, raw: name === 'ours' ? await opened(name, false) : compacted }
      bench.say(`${name}: compacted ${millis(figures.compacted)}, never ${millis(figures.raw)}`)
      return figures
    })
    return {
      figures: [],
      rows: [
        {
          what: 'cold open: 1,000 messages, 20,000 token updates, never compacted',
          show: millis,
          values: of('raw'),
          asked: atMost(25, millis),
        },
        { what: 'cold open, compacted', show: millis, values: of('compacted', ['ours']), asked: atMost(25, millis) },
      ],
      notes: contest.notes,
    }
  },
}
