import '../index.ts'
import { drawPlan, simulate } from '../index.ts'
import { reportOf } from './sums.ts'

export interface Task {
  readonly seed: number
  readonly operations: number
  readonly peers: number
}

// The other end of `jobs.ts`. It ends when there is nobody to hand it seeds.
process.on('message', (message) => {
  const { seed, operations, peers } = message as Task
  const plan = drawPlan({ seed, operations, peers })
  void simulate({ seed, peers, plan }).then((outcome) => process.send?.(reportOf(seed, outcome)))
})
