import { alternate, type Sample } from '../alternate.ts'
import type { Bench } from '../benchmark.ts'
import { TemporaryFolder } from '../temporary-folder.ts'
import { Clients } from './clients.ts'
import { CONTENDERS, type ContenderName } from './contenders.ts'
import { installPeers } from './install-peers.ts'
import { Server } from './server.ts'

export interface Contest {
  /** Who takes part: ours only, when the peers could not be installed. */
  readonly names: readonly ContenderName[]
  /** What a reader must know when not all do. */
  readonly notes: readonly string[]
  /** Where the peers' scripts are. */
  readonly peers: string
}

export async function prepareContest(bench: Bench, wanted = CONTENDERS): Promise<Contest> {
  const installed = await installPeers(bench.say)
  // For those who improve one: `HOLDFAST_BENCH_CONTENDERS=ours,limit npm run bench -- relay-...`.
  const only = process.env.HOLDFAST_BENCH_CONTENDERS?.split(',')
  if ('folder' in installed && only !== undefined) {
    const names = wanted.filter((name) => only.includes(name))
    return { names, notes: [`Only ${names.join(' and ')} took part.`], peers: installed.folder }
  }
  if ('folder' in installed) return { names: wanted, notes: [], peers: installed.folder }
  bench.say(installed.missing)
  return { names: ['ours'], notes: [`Ours alone: ${installed.missing}.`], peers: '' }
}

/** A server over a new folder, and clients, for as long as `use` takes. */
export async function withServer<T>(
  contest: Contest,
  name: ContenderName,
  use: (server: Server, clients: Clients, folder: string) => Promise<T>,
): Promise<T> {
  await using folder = await TemporaryFolder.make(name)
  await using server = await Server.start(name, contest.peers, folder.path)
  await using clients = new Clients()
  return await use(server, clients, folder.path)
}

type Measure = (name: ContenderName, round: number) => Promise<Sample>

/** @returns a figure's values of whoever takes part, or of those among `names`, as a row wants them */
export type ValuesOf = (
  figure: string,
  names?: readonly ContenderName[],
) => Partial<Record<ContenderName, readonly number[]>>

/** By turns, as `alternate` does it. */
export async function byTurns(bench: Bench, contest: Contest, measure: Measure): Promise<ValuesOf> {
  const measured = await alternate(
    bench,
    recordOf(contest.names, (name) => (round: number) => measure(name, round)),
  )
  return (figure, among = contest.names) =>
    recordOf(
      contest.names.filter((name) => among.includes(name)),
      (name) => measured[name](figure),
    )
}

/** One after another, once each and with no warm-up: for what takes long and does not differ much. */
export async function once(bench: Bench, contest: Contest, measure: Measure): Promise<ValuesOf> {
  return byTurns({ look: bench.look, runs: 1, say: bench.say }, contest, async (name, round) =>
    round === 0 ? {} : measure(name, round),
  )
}

function recordOf<T>(names: readonly ContenderName[], of: (name: ContenderName) => T): Record<ContenderName, T> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<ContenderName, T>
}
