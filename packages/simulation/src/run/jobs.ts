import { fork } from 'node:child_process'
import type { Report } from './sums.ts'
import type { Task } from './worker.ts'

export interface JobsOptions {
  readonly first: number
  readonly seeds: number
  readonly jobs: number
  readonly task: Omit<Task, 'seed'>
  /** Told of each run, in the order in which they end. False stops after those that are under way. */
  readonly report: (report: Report) => boolean
}

/** Plays seeds in processes of their own: a run takes the globals of its process. Each is handed one seed after another. */
export async function playInJobs({ first, seeds, jobs, task, report }: JobsOptions): Promise<void> {
  let next = first
  let isOn = true
  const give = (): Task | null => (isOn && next < first + seeds ? { ...task, seed: next++ } : null)

  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(new URL('./worker.js', import.meta.url), { serialization: 'advanced' })
      const hand = (): void => {
        const mine = give()
        if (mine) child.send(mine)
        else child.disconnect()
      }
      child.on('message', (message) => {
        if (!report(message as Report)) isOn = false
        hand()
      })
      child.on('error', reject)
      child.on('exit', (code) => {
        if (code === 0) resolve()
        else reject(new Error(`a process that played seeds ended with ${code}`))
      })
      hand()
    })

  await Promise.all(Array.from({ length: Math.min(jobs, seeds) }, work))
}
