import { type Batch, dropMarks, pendingOf } from './journal-batch.ts'
import type { Journal, Told } from './journal-port.ts'

/** Everything in one batch speaks of one history: marks of another are forgotten, which costs a question and no data. */
export function speakOf(batch: Batch, { incarnation, reach }: Told): void {
  if (batch.history !== null && batch.history !== incarnation) dropMarks(batch)
  batch.history = incarnation
  batch.reach = Math.max(batch.reach, reach)
}

export type Marking = Pick<
  Journal,
  'mark' | 'markSent' | 'learn' | 'adopt' | 'offer' | 'isOffering' | 'touch' | 'note' | 'renameHistory'
>

/** The part of a journal that writes no rows: what is known of them. */
export function marking(next: () => Batch, writing: () => Batch | null, schedule: () => void): Marking {
  return {
    mark: (id, by, { sent = 0, position, told, remote }) => {
      speakOf(next(), by)
      const pending = pendingOf(next(), id)
      pending.sent = Math.max(pending.sent, sent)
      pending.position = position ?? pending.position
      pending.told = told ?? pending.told
      pending.remote = remote ?? pending.remote
      schedule()
    },
    markSent: (id, sent) => {
      const pending = pendingOf(next(), id)
      pending.sent = Math.max(pending.sent, sent)
      schedule()
    },
    learn: (entries, cursor, { restart = false, past = null } = {}) => {
      const batch = next()
      speakOf(batch, { incarnation: cursor.incarnation, reach: cursor.reach ?? 0 })
      batch.past = past ?? batch.past
      for (const { id, ...remote } of entries) pendingOf(batch, id).remote = remote
      batch.cursor = cursor
      batch.restart ||= restart
      schedule()
    },
    adopt: (id, epoch) => {
      // What was marked so far is of the epoch before.
      Object.assign(pendingOf(next(), id), { offer: true, epoch, sent: 0, position: null })
      schedule()
    },
    offer: (ids) => {
      for (const id of ids) pendingOf(next(), id).offer = true
      next().offers = true
      schedule()
    },
    isOffering: () => next().offers || writing()?.offers === true,
    touch: (id, summary) => {
      const pending = pendingOf(next(), id)
      pending.touched = true
      pending.summary = summary
      schedule()
    },
    note: ({ add, remove }) => {
      if (add) next().add.push(add)
      if (remove) next().remove.push(remove)
      schedule()
    },
    renameHistory: (follows, name, past) => {
      for (const batch of [next(), writing()]) {
        if (batch === null || batch.history === null || !follows(batch.history, batch.reach)) continue
        batch.history = name
        if (!batch.cursor) continue
        // A cursor speaks of the history of its entries, or they are left out. What it does away with it still does away with.
        batch.cursor = { ...batch.cursor, incarnation: name }
        const others = (batch.past ?? []).filter(
          (one) => !past.some(({ incarnation }) => incarnation === one.incarnation),
        )
        batch.past = [...past, ...others]
      }
    },
  }
}
