import type { Clock } from '../options.ts'

/** As much has to come of an upload in the time that it is given, unless it ends; as of a message that is not finished. */
const STEP_BYTES = 16 * 1024

/** An upload neither ended nor went on. */
export class StoodStillError extends Error {
  override readonly name = 'StoodStillError'
  readonly code = 'TOO_SLOW'
}

/**
 * Hands on what comes. Only the time counts in which it is waited for: a slow disk is not the client's doing.
 * @param within milliseconds in which it has to end, or to go on by 16 KiB
 * @throws StoodStillError
 */
export async function* goingOn(
  content: AsyncIterable<Uint8Array>,
  within: number,
  clock: Clock,
): AsyncGenerator<Uint8Array> {
  const parts = content[Symbol.asyncIterator]()
  let left = within
  let bytes = 0
  for (;;) {
    const asked = clock.monotonic()
    let cancel: () => void = () => undefined
    const late = new Promise<never>((_resolve, reject) => {
      cancel = clock.after(left, () => reject(new StoodStillError('the upload stood still')))
    })
    let part: IteratorResult<Uint8Array>
    try {
      part = await Promise.race([parts.next(), late])
    } finally {
      cancel()
    }
    if (part.done) return
    left = Math.max(0, left - (clock.monotonic() - asked))
    bytes += part.value.length
    if (bytes >= STEP_BYTES) {
      left = within
      bytes = 0
    }
    yield part.value
  }
}
