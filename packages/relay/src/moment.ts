/** Something that happens once, and those who wait for it. `Promise.withResolvers` is not in Node 20, which the command runs on. */
export interface Moment {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

export function moment(): Moment {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((happened) => {
    resolve = happened
  })
  return { promise, resolve }
}
