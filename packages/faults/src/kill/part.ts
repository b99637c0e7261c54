import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { judged, type Part, type PartOptions } from '../part.ts'
import type { KillsReport } from './kills.ts'

/** What a job is told to do, and what it tells. */
export interface Job {
  readonly kills: number
  readonly seed: number
}
export type JobWord = { readonly done: number } | { readonly report: KillsReport }

const JOB = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './job.ts' : './job.js', import.meta.url))

/** What ends a long run early: the kills so far are looked at and reported. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Each job is a process of its own with a relay and a folder of its own, so that the machine's cores are used. */
async function runJob(job: Job, onDone: (kills: number) => void): Promise<KillsReport> {
  const child = fork(JOB, [String(job.kills), String(job.seed)])
  const stop = (): void => void child.send('stop')
  for (const signal of SIGNALS) process.on(signal, stop)
  let report: KillsReport | null = null
  child.on('message', (word: JobWord) => {
    if ('done' in word) onDone(word.done)
    else report = word.report
  })
  await once(child, 'exit')
  for (const signal of SIGNALS) process.off(signal, stop)
  if (report === null) throw new Error(`the job with seed ${job.seed} ended without a report`)
  return report
}

export const killPart: Part = {
  name: 'kills',
  unit: 'times the relay is killed',
  usual: 100,
  async run({ count, seed, jobs, say }: PartOptions) {
    const begun = performance.now()
    const each = Array.from({ length: Math.min(jobs, count) }, (_, i): Job => {
      const kills = Math.floor(count / jobs) + (i < count % jobs ? 1 : 0)
      return { kills, seed: seed + i }
    }).filter(({ kills }) => kills > 0)
    let said = 0
    const done = each.map(() => 0)
    const reports = await Promise.all(
      each.map((job, i) =>
        runJob(job, (kills) => {
          done[i] = kills
          const sum = done.reduce((a, b) => a + b, 0)
          if (sum - said < 100) return
          said = sum
          say(`${sum} of ${count} kills, ${((performance.now() - begun) / 1000).toFixed(0)} s`)
        }),
      ),
    )
    const sum = (of: (report: KillsReport) => number): number =>
      reports.reduce((total, report) => total + of(report), 0)
    const seconds = (performance.now() - begun) / 1000
    const kills = sum((report) => report.kills)
    const faults = reports.flatMap((report) =>
      report.faults.map((fault) => `seed ${report.seed}: ${fault} (folder kept: ${report.folder})`),
    )
    return [
      judged(
        `U2 W1 W2 W9 U12 B13 killed ${kills} times under load from 20 writers: all that was acknowledged or seen is there, what was purged or revoked is not`,
        faults,
        `seed ${seed}, ${kills} kills, ${sum((report) => report.acknowledged)} acknowledged updates and ` +
          `${sum((report) => report.seen)} seen ones checked in ${sum((report) => report.documents)} documents, ` +
          `${sum(({ errands }) => errands.purges)} purges, ${sum(({ errands }) => errands.blobs)} blobs, ` +
          `${sum(({ errands }) => errands.tokens)} tokens and ${sum(({ errands }) => errands.revocations)} revocations, ` +
          `${seconds.toFixed(1)} s (${(kills / seconds).toFixed(1)} kills/s, ${each.length} relays at a time)`,
      ),
    ]
  },
}
