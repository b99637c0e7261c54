import { EDITS } from '../play/edits.ts'
import { OPERATIONS } from '../play/operations.ts'
import type { Sums } from './sums.ts'

const number = (value: number): string => value.toLocaleString('en-US')

/**
 * A table of what really happened: how often, and in how many of the runs. What can be drawn and never happened stands in it with 0.
 */
export function describeCounts({ counts, seeds }: Sums): string {
  const none = { times: 0, seeds: 0 }
  const line = (name: string): string => {
    const { times, seeds: of } = counts.get(name) ?? none
    return `  ${name.padEnd(40)} ${number(times).padStart(12)}   in ${((of / seeds) * 100).toFixed(0).padStart(3)} % of runs`
  }
  const operations = Object.keys(OPERATIONS)
  const edits = Object.keys(EDITS).map((name) => `edit ${name}`)
  const rest = [...counts.keys()].filter((name) => !operations.includes(name) && !edits.includes(name)).sort()
  return [
    'operations that happened:',
    ...operations.map(line),
    'edits of a conversation:',
    ...edits.map(line),
    'and with them:',
    ...rest.map(line),
  ].join('\n')
}

export interface Played {
  readonly first: number
  readonly operations: number
  readonly peers: number
  readonly jobs: number
  readonly seconds: number
}

/** One line that can be quoted. */
export function describeSums({ seeds, broken, figures }: Sums, played: Played): string {
  const { first, operations, peers, jobs, seconds } = played
  const which = broken.map(({ seed }) => seed).sort((a, b) => a - b)
  const names = which.length > 0 ? ` (${which.slice(0, 20).join(', ')}${which.length > 20 ? ', ...' : ''})` : ''
  return [
    `seeds ${first} to ${first + seeds - 1}: ${number(seeds)} runs of ${operations} operations by ${peers} peers,`,
    `${number(seeds * operations)} operations, ${number(figures.events)} events, in ${seconds.toFixed(1)} s by ${jobs} process${jobs > 1 ? 'es' : ''}:`,
    `${number(broken.length)} failures${names}.`,
    `${number(figures.conversations)} conversations, ${number(figures.edits)} edits followed,`,
    `${number(figures.saved)} called saved, ${number(figures.synced)} called synced, ${number(figures.setAside)} set aside;`,
    `${(figures.drained / seeds / 1000).toFixed(1)} s of virtual time to come to rest.`,
  ].join(' ')
}
