// The two things used of a large package: named here so that the rest of it is left out of the bundle.
export { isStepCount, streamText } from 'ai'
