import '@holdfast/testkit/globals'

export { EDITS, NEEDS } from './play/edits.ts'
export { OPERATIONS } from './play/operations.ts'
export { drawPlan, formatPlan, type Operation, type PlanOptions, parsePlan } from './play/plan.ts'
export { type Shrunk, shrink } from './play/shrink.ts'
export { type Figures, type Outcome, type Run, simulate } from './play/simulate.ts'
export { describeFailure } from './report.ts'
