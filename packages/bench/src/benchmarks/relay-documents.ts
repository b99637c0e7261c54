import { setTimeout as wait } from 'node:timers/promises'
import type { Benchmark } from '../benchmark.ts'
import type { Script } from '../relay/client/script.ts'
import { Clients } from '../relay/clients.ts'
import type { ContenderName } from '../relay/contenders.ts'
import { type Contest, once, prepareContest } from '../relay/contest.ts'
import { cpuOf, memoryOf, settled } from '../relay/process-usage.ts'
import { atMost, kilobytes, millis } from '../relay/rows.ts'
import { Server } from '../relay/server.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const DOCUMENTS = 1_000
const MESSAGES = 20
const NAME = 'document'
/** Opened and closed before, so that what is counted is documents and not programs that warm up. */
const WARM = 200
const CLOSED_MS = 30_000
/** Longer than a relay keeps a document that nobody has open. In ms. */
const UNLOADED_MS = 13_000

const chat = (number: number): Script => ({ kind: 'chat', number, messages: MESSAGES })
const SCRIPTS = Array.from({ length: DOCUMENTS }, (_, number) => chat(number))
const WARM_SCRIPTS = Array.from({ length: WARM }, (_, number) => chat(DOCUMENTS + number))

export const relayDocuments: Benchmark = {
  name: 'relay-documents',
  title: `${DOCUMENTS} conversations open at a time`,
  about: `${DOCUMENTS} conversations of ${MESSAGES} messages are on the disk, which was left alone until it was in order, of a server that was started anew and has served ${WARM} others. A connection for each gets all of its conversation and stays; then all close. Memory is what more is resident than before, divided by ${DOCUMENTS}: with all open, and ${CLOSED_MS / 1000} s after closing. Of the limit, connections alone.`,
  usesBrowser: false,
  runs: 1,
  async run(bench) {
    const contest = await prepareContest(bench)
    await using waiting = new AsyncDisposableStack()
    const closed = new Map<ContenderName, Promise<number>>()
    const of = await once(bench, contest, async (name) => {
      const { server, clients } = await filled(contest, name, waiting)
      await clients.run('openAll', { target: server.target, name: 'warm', scripts: WARM_SCRIPTS })
      await clients.run('closeAll', null)
      await settled(server.pid, 1_000, 30_000)
      const before = { cpu: await cpuOf(server.pid), memory: await memoryOf(server.pid) }
      await clients.run('openAll', { target: server.target, name: NAME, scripts: SCRIPTS })
      const cpu = (await settled(server.pid, 1_000, 10_000)) - before.cpu
      const open = await memoryOf(server.pid)
      await clients.run('closeAll', null)
      const per = (bytes: number) => (bytes - before.memory.resident) / DOCUMENTS
      // The others are measured meanwhile.
      closed.set(
        name,
        wait(CLOSED_MS).then(async () => per((await memoryOf(server.pid)).resident)),
      )
      const figures = { cpu: cpu / DOCUMENTS, open: per(open.resident) }
      bench.say(`${name}: ${millis(figures.cpu)} and ${kilobytes(figures.open)} each`)
      return figures
    })
    const after: Partial<Record<ContenderName, number[]>> = {}
    for (const [name, value] of closed) after[name] = [await value]
    const aboveLimit = (most: number) => ({
      text: `${kilobytes(most)} above the limit’s, or less`,
      isReached: (median: (name: ContenderName) => number) => median('ours') - median('limit') <= most,
    })
    return {
      figures: [],
      rows: [
        { what: 'memory per open document', show: kilobytes, values: of('open'), asked: aboveLimit(30e3) },
        {
          what: `${CLOSED_MS / 1000} s after closing`,
          show: kilobytes,
          values: after,
          asked: aboveLimit(5e3),
        },
        { what: 'opening those, CPU each', show: millis, values: of('cpu'), asked: atMost(0.3, millis) },
      ],
      notes: contest.notes,
    }
  },
}

/** A server that was started anew over a folder with everything in it, kept until the stack is disposed of. */
async function filled(
  contest: Contest,
  name: ContenderName,
  until: AsyncDisposableStack,
): Promise<{ server: Server; clients: Clients }> {
  const folder = until.use(await TemporaryFolder.make(name))
  const clients = until.use(new Clients())
  if (name !== 'limit') {
    await using first = await Server.start(name, contest.peers, folder.path)
    await clients.run('fill', { target: first.target, name: NAME, scripts: SCRIPTS })
    await clients.run('fill', { target: first.target, name: 'warm', scripts: WARM_SCRIPTS })
    // Ours puts its storage in order when a document has been let go; the others have done so by then.
    if (name === 'ours') await wait(UNLOADED_MS)
    await settled(first.pid, 2_500, 30_000)
    await first.end('SIGTERM')
  }
  return { server: until.use(await Server.start(name, contest.peers, folder.path)), clients }
}
