import type { Message } from '@holdfast/conversation'

export interface StreamingEvidence {
  readonly status: Message['status']
  /** This store is writing it now. */
  readonly mine: boolean
  /** Somebody in this browser holds its lease (a Web Lock). */
  readonly held: boolean
  /** This browser noted on the device that it is writing it, and did not note the end. */
  readonly noted: boolean
  /** Somebody who is present says that they are writing it. */
  readonly present: boolean
}

/**
 * Who, if anybody, writes a message.
 * - `ended` nobody has to
 * - `live` somebody is
 * - `interrupted` this browser was, and died: it may write the end
 * - `elsewhere` another device was; whether it still is, only it or the relay's lease can say
 */
export type StreamingVerdict = 'ended' | 'live' | 'interrupted' | 'elsewhere'

export function judgeStreaming({ status, mine, held, noted, present }: StreamingEvidence): StreamingVerdict {
  if (status !== 'streaming') return 'ended'
  if (mine || held || present) return 'live'
  return noted ? 'interrupted' : 'elsewhere'
}
