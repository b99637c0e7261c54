import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Benchmark } from '../benchmark.ts'
import type { Script } from '../relay/client/script.ts'
import { Clients } from '../relay/clients.ts'
import type { ContenderName } from '../relay/contenders.ts'
import { once, prepareContest } from '../relay/contest.ts'
import { times } from '../relay/rows.ts'
import { Server } from '../relay/server.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const SCRIPT: Script = { kind: 'streamed', number: 1, messages: 1_000, tokens: 20_000 }
/** Tokens a second. */
const RATE = 2_000
/** Every server stores what it holds back by then, and ours has compacted what nobody has open and given the room back. In ms. */
const SETTLED_MS = 50_000
/** Hocuspocus holds back 2 s, y-leveldb is behind by as long. In ms. */
const STREAMED_MS = 3_000

export const relayDisk: Benchmark = {
  name: 'relay-disk',
  title: 'The disk that a conversation takes',
  about: `One conversation of 1,000 messages written with 20,000 token updates, ${RATE} a second, against its messages as JSON: ${STREAMED_MS / 1000} s after the last update, and ${SETTLED_MS / 1000} s after everybody closed it. All of the server’s folder, what a new one has not counted.`,
  usesBrowser: false,
  runs: 1,
  async run(bench) {
    const contest = await prepareContest(bench, ['y-websocket', 'hocuspocus', 'ours'])
    await using kept = new AsyncDisposableStack()
    const later = new Map<ContenderName, Promise<number>>()
    const of = await once(bench, contest, async (name) => {
      const folder = kept.use(await TemporaryFolder.make(name))
      const clients = kept.use(new Clients())
      const server = kept.use(await Server.start(name, contest.peers, folder.path))
      const empty = await bytesIn(folder.path)
      const { json } = await clients.run('write', {
        target: server.target,
        document: 'streamed',
        script: SCRIPT,
        rate: RATE,
      })
      await wait(STREAMED_MS)
      const share = async () => ((await bytesIn(folder.path)) - empty) / json
      const streamed = await share()
      await clients.run('closeAll', null)
      // The others are measured meanwhile.
      later.set(name, wait(SETTLED_MS).then(share))
      bench.say(`${name}: just streamed ${times(streamed)} of ${json} bytes`)
      return { streamed }
    })
    const settled: Partial<Record<ContenderName, number[]>> = {}
    for (const [name, value] of later) settled[name] = [await value]
    const most = (share: number) => ({
      text: `${share} or less`,
      isReached: (median: (name: ContenderName) => number) => median('ours') <= share,
    })
    return {
      figures: [],
      rows: [
        { what: 'disk against the JSON, just streamed', show: times, values: of('streamed'), asked: most(1.5) },
        { what: 'disk against the JSON, settled', show: times, values: settled, asked: most(0.5) },
      ],
      notes: [...contest.notes, 'For orientation, automerge-repo was measured at 0.38 settled on another day.'],
    }
  },
}

/** What files hold, as `du --apparent-size` counts. */
async function bytesIn(folder: string): Promise<number> {
  let sum = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const found = await stat(join(entry.parentPath, entry.name)).catch((error: NodeJS.ErrnoException) => {
      // LevelDB deletes files while we look.
      if (error.code === 'ENOENT') return { size: 0 }
      throw error
    })
    sum += found.size
  }
  return sum
}
