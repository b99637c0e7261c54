import { fork } from 'node:child_process'
import { type Report, stuckReport } from './sums.ts'
import type { Task } from './worker.ts'

export interface JobsOptions {
  readonly first: number
  readonly seeds: number
  readonly jobs: number
  readonly task: Omit<Task, 'seed'>
  /** Told of each run, in the order in which they end. False stops after those that are under way. */
  readonly report: (report: Report) => boolean
}

/** A run takes a second or two. What has no end after this, in real milliseconds, goes in a circle between two events. */
const STUCK_MS = 120_000

/** Plays seeds in processes of their own: a run takes the globals of its process. Each is handed one seed after another. */
export async function playInJobs({ first, seeds, jobs, task, report }: JobsOptions): Promise<void> {
  let next = first
  let isOn = true
  const give = (): Task | null => (isOn && next < first + seeds ? { ...task, seed: next++ } : null)

  /** Plays seeds until there are no more, or one does not end. Resolves with whether there may be more. */
  const work = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const child = fork(new URL('./worker.js', import.meta.url), { serialization: 'advanced' })
      let watch: NodeJS.Timeout | null = null
      let isStuck = false
      const take = (played: Report): void => {
        if (!report(played)) isOn = false
      }
      const hand = (): void => {
        if (watch) clearTimeout(watch)
        const mine = give()
        if (!mine) {
          child.disconnect()
          return
        }
        watch = setTimeout(() => {
          isStuck = true
          child.kill('SIGKILL')
          take(stuckReport(mine.seed, STUCK_MS))
        }, STUCK_MS)
        child.send(mine)
      }
      child.on('message', (message) => {
        if (isStuck) return
        take(message as Report)
        hand()
      })
      child.on('error', reject)
      child.on('exit', (code) => {
        if (code === 0 || isStuck) resolve(isStuck)
        else reject(new Error(`a process that played seeds ended with ${code}`))
      })
      hand()
    })
  const workOn = async (): Promise<void> => {
    while (await work());
  }

  await Promise.all(Array.from({ length: Math.min(jobs, seeds) }, workOn))
}
