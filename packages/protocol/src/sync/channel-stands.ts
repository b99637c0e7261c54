export type ChannelStand = 'open' | 'over'

/**
 * How each channel number that was ever used stands. A value that is never changed, in pages: a client that fetches ten thousand
 * documents over some hundred channels changes it twenty thousand times, and a `Map` copied each time was a quarter of the relay's work
 * (measured).
 */
export type ChannelStands = readonly (readonly (ChannelStand | undefined)[] | undefined)[]

const PAGE = 32

export const NO_CHANNELS: ChannelStands = []

export function standOf(stands: ChannelStands, channel: number): ChannelStand | undefined {
  return stands[Math.floor(channel / PAGE)]?.[channel % PAGE]
}

export function withStand(stands: ChannelStands, channel: number, stand: ChannelStand): ChannelStands {
  const at = Math.floor(channel / PAGE)
  const page = [...(stands[at] ?? [])]
  page[channel % PAGE] = stand
  const pages = [...stands]
  pages[at] = page
  return pages
}
