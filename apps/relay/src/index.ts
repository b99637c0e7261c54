export { Failure } from './failure.ts'
export { type Output, serve } from './serve.ts'
