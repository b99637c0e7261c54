import { back } from './back.ts'
import { fill } from './fill.ts'
import { hostile } from './hostile.ts'
import { closeAll, openAll, openOne } from './open.ts'
import { shown, stored } from './shown.ts'
import { stream } from './stream.ts'
import { write } from './write.ts'

/** The process that is all the clients: the same for every server. It does one thing after another, as it is told. */
export const commands = { back, closeAll, fill, hostile, openAll, openOne, shown, stored, stream, write }

export type Commands = typeof commands

export interface Request {
  readonly name: keyof Commands
  readonly args: unknown
}

export type Answer = { readonly result: unknown } | { readonly error: string }

if (process.send !== undefined) {
  process.on('message', ({ name, args }: Request) => {
    const run = commands[name] as (args: unknown) => Promise<unknown>
    run(args).then(
      (result) => process.send?.({ result } satisfies Answer),
      (error: Error) => process.send?.({ error: error.stack ?? error.message } satisfies Answer),
    )
  })
}
