import { StockClient, type Target, UPDATE } from './stock.ts'
import { connected } from './stream.ts'
import { reach, typed } from './typist.ts'

export interface ShownArgs {
  readonly target: Target
  readonly name: string
  readonly conversations: number
  /** Updates of all writers together a second. */
  readonly rate: number
  /** More than can be sent before the server is gone. */
  readonly each: number
}

/** Writes until the server is gone. @returns how many updates of each conversation had been shown to somebody else */
export async function shown({ target, name, conversations, rate, each }: ShownArgs): Promise<{ reached: number[] }> {
  const updates = typed(each, 0xffffffff)
  const reached = Array.from({ length: conversations }, () => 0)
  let isGone = false
  const gone = Promise.withResolvers<void>()
  const writers: StockClient[] = []
  const watching = reached.map((_, number) => watch(number))

  async function watch(number: number): Promise<void> {
    const document = `${name}${number}`
    const { closed } = await listen(target, document, (update) => {
      reached[number] = Math.max(reached[number]!, reach(update))
    })
    void closed.then(() => {
      isGone = true
      gone.resolve()
    })
    writers[number] = await connected(target, document, () => undefined)
  }

  await Promise.all(watching)
  const frames = writers.map((writer) => updates.map((update) => writer.frame(UPDATE, update)))
  const begun = performance.now()
  let sent = 0
  const some = (): void => {
    const due = Math.min(each * conversations, Math.floor(((performance.now() - begun) * rate) / 1000))
    for (; sent < due; sent += 1) {
      const number = sent % conversations
      writers[number]!.send(frames[number]![Math.floor(sent / conversations)]!)
    }
    if (!isGone) setTimeout(some, 1)
  }
  some()
  await gone.promise
  return { reached }
}

/** @returns what tells the end of the connection, once it has been told the state */
function listen(
  target: Target,
  document: string,
  onUpdate: (update: Uint8Array) => void,
): Promise<{ closed: Promise<void> }> {
  return new Promise((resolve) => {
    const { promise: closed, resolve: close } = Promise.withResolvers<void>()
    const client: StockClient = new StockClient(target, document, {
      opened: () => client.ask(),
      update(update) {
        resolve({ closed })
        if (update.length > 2) onUpdate(update)
      },
      closed: () => close(),
    })
  })
}

export interface StoredArgs {
  readonly target: Target
  readonly name: string
  readonly conversations: number
}

/** After the last message nothing more is expected. In ms. */
const QUIET_MS = 400

/** @returns how many updates of each conversation the server still has */
export async function stored({ target, name, conversations }: StoredArgs): Promise<{ reached: number[] }> {
  return { reached: await Promise.all(Array.from({ length: conversations }, (_, number) => has(`${name}${number}`))) }

  function has(document: string): Promise<number> {
    return new Promise((resolve) => {
      let most = 0
      let timer: NodeJS.Timeout | undefined
      const client: StockClient = new StockClient(target, document, {
        opened: () => client.ask(),
        update(update) {
          if (update.length > 2) most = Math.max(most, reach(update))
          clearTimeout(timer)
          timer = setTimeout(() => client.close(), QUIET_MS)
        },
        closed: () => resolve(most),
      })
    })
  }
}
