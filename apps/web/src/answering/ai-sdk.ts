// What is used of a large package: named here so that the rest of it is left out of the bundle.
export { convertToModelMessages, isStepCount, streamText } from 'ai'
