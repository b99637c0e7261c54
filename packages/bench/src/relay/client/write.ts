import { setTimeout as wait } from 'node:timers/promises'
import { Having } from './having.ts'
import { keepOpen } from './open.ts'
import { type Script, written } from './script.ts'
import { type StockClient, type Target, UPDATE } from './stock.ts'
import { connected } from './stream.ts'

export interface WriteArgs {
  readonly target: Target
  readonly document: string
  readonly script: Script
  /** Updates a second. */
  readonly rate: number
}

/** One person writes one document while another watches; resolves when the watcher has all of it. Both stay. */
export async function write({ target, document, script, rate }: WriteArgs): Promise<{ json: number; updates: number }> {
  const { updates, stateVector, json } = written(script)
  const having = new Having()
  const whole = Promise.withResolvers<void>()
  keepOpen(
    await connected(target, document, (update) => {
      having.take(update)
      if (having.covers(stateVector)) whole.resolve()
    }),
  )
  const writer: StockClient = await connected(target, document, () => undefined)
  keepOpen(writer)
  const begun = performance.now()
  for (let sent = 0; sent < updates.length; ) {
    const due = Math.min(updates.length, Math.ceil(((performance.now() - begun) * rate) / 1000))
    for (; sent < due; sent += 1) writer.send(writer.frame(UPDATE, updates[sent]!))
    await wait(1)
  }
  await whole.promise
  return { json: Buffer.byteLength(json), updates: updates.reduce((bytes, update) => bytes + update.length, 0) }
}
