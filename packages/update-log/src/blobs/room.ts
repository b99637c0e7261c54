import { spaceFull } from './port.ts'

/**
 * Content on its way that counts as it comes, so that several at a time do not come to more than there is room for.
 * @param reserve of so many bytes, to be given back by a negative number; false when there is no room
 */
export function metered(
  content: AsyncIterable<Uint8Array>,
  reserve: (bytes: number) => Promise<boolean>,
  room: number,
): { readonly content: AsyncIterable<Uint8Array>; release(): Promise<void> } {
  let reserved = 0
  async function* counting(): AsyncGenerator<Uint8Array> {
    for await (const part of content) {
      if (!(await reserve(part.length))) throw spaceFull(room)
      reserved += part.length
      yield part
    }
  }
  return {
    content: counting(),
    async release() {
      const back = reserved
      reserved = 0
      await reserve(-back)
    },
  }
}
