import { Latencies } from './latencies.ts'
import { StockClient, type Target, UPDATE } from './stock.ts'
import { SyncWriter } from './sync-writer.ts'
import { reach, typed } from './typist.ts'

export interface StreamArgs {
  readonly target: Target
  /** Documents are called this and a number. */
  readonly name: string
  readonly conversations: number
  readonly watchers: number
  /** Updates of each writer. */
  readonly each: number
  /** Updates of all writers together a second, evenly; 0: as fast as it goes. */
  readonly rate: number
  /** As fast as it goes: so many updates of one writer may be on their way to the slowest of its watchers. */
  readonly window: number
  /** The writers are of `/sync`, with this token, and wait for acknowledgements too. Null: all are stock. */
  readonly acked: { readonly token: string } | null
}

export interface StreamResult {
  /** From the first update sent to the last one at the last watcher (and acknowledged). */
  readonly seconds: number
  /** Messages that one watcher of each conversation received. */
  readonly messages: number
  /** With a rate: from handing an update to the socket to each watcher. In ms. */
  readonly delivery: Percentiles | null
  readonly ack: Percentiles | null
}

export interface Percentiles {
  readonly p50: number
  readonly p99: number
}

interface Writer {
  send(index: number): void
}

interface Conversation {
  writer: Writer
  sent: number
  acked: number
  readonly reached: number[]
  readonly sentAt: Float64Array
}

/** Resolves when every watcher has everything, the connections still open. */
export async function stream(args: StreamArgs): Promise<StreamResult> {
  const { target, name, conversations: count, watchers, each, rate, window, acked } = args
  const updates = typed(each, 0xffffffff)
  const delivery = new Latencies()
  const acks = new Latencies()
  let messages = 0
  let left = count * (watchers + (acked === null ? 0 : 1))
  let finished: () => void = () => undefined
  const done = new Promise<void>((resolve) => {
    finished = resolve
  })
  const isTimed = rate > 0

  function arrived(): void {
    left -= 1
    if (left === 0) finished()
  }

  function heard(conversation: Conversation, watcher: number, update: Uint8Array): void {
    const to = reach(update)
    const from = conversation.reached[watcher]!
    if (watcher === 0) messages += 1
    if (to <= from) return
    if (isTimed) {
      const now = performance.now()
      for (let i = from; i < to; i += 1) delivery.add(now - conversation.sentAt[i]!)
    }
    conversation.reached[watcher] = to
    if (to === each) arrived()
    if (!isTimed) pumpSoon()
  }

  function ackedUpTo(conversation: Conversation, to: number): void {
    const now = performance.now()
    for (let i = conversation.acked; i < to; i += 1) acks.add(now - conversation.sentAt[i]!)
    const before = conversation.acked
    conversation.acked = to
    if (before < each && to === each) arrived()
  }

  async function begin(number: number): Promise<Conversation> {
    const document = `${name}${number}`
    const reached = Array.from({ length: watchers }, () => 0)
    const conversation: Conversation = {
      writer: { send: () => undefined },
      sent: 0,
      acked: 0,
      reached,
      sentAt: new Float64Array(each),
    }
    await Promise.all(
      reached.map((_, watcher) => connected(target, document, (update) => heard(conversation, watcher, update))),
    )
    if (acked === null) {
      const client = await connected(target, document, () => undefined)
      const frames = updates.map((update) => client.frame(UPDATE, update))
      conversation.writer = { send: (index) => client.send(frames[index]!) }
    } else {
      const writer = await SyncWriter.open(target.port, acked.token, document, (to) => ackedUpTo(conversation, to))
      conversation.writer = { send: (index) => writer.send(updates[index]!) }
    }
    return conversation
  }

  const all = await Promise.all(Array.from({ length: count }, (_, number) => begin(number)))

  function sendOne(conversation: Conversation): void {
    conversation.sentAt[conversation.sent] = performance.now()
    conversation.writer.send(conversation.sent)
    conversation.sent += 1
  }

  function pump(): void {
    for (const conversation of all) {
      const most = Math.min(each, Math.min(...conversation.reached) + window)
      while (conversation.sent < most) sendOne(conversation)
    }
  }

  let pumping = false
  function pumpSoon(): void {
    if (pumping) return
    pumping = true
    setImmediate(() => {
      pumping = false
      pump()
    })
  }

  function pace(begun: number): void {
    let sent = 0
    const total = each * count
    const some = (): void => {
      const due = Math.min(total, Math.floor(((performance.now() - begun) * rate) / 1000))
      for (; sent < due; sent += 1) sendOne(all[sent % count]!)
      if (sent < total) setTimeout(some, 1)
    }
    some()
  }

  const begun = performance.now()
  if (isTimed) pace(begun)
  else pump()
  await done
  const seconds = (performance.now() - begun) / 1000
  return {
    seconds,
    messages,
    delivery: isTimed ? { p50: delivery.percentile(0.5), p99: delivery.percentile(0.99) } : null,
    ack: acked === null ? null : { p50: acks.percentile(0.5), p99: acks.percentile(0.99) },
  }
}

/** A client of a document that has been told its state: from now on it is told everything. */
export function connected(
  target: Target,
  document: string,
  onUpdate: (update: Uint8Array) => void,
): Promise<StockClient> {
  return new Promise((resolve, reject) => {
    let isReady = false
    const client: StockClient = new StockClient(target, document, {
      opened() {
        if (target.answers) client.ask()
        else resolve(client)
      },
      update(update, kind) {
        if (kind !== UPDATE && !isReady) {
          isReady = true
          resolve(client)
        }
        if (update.length > 2) onUpdate(update)
      },
      closed(code) {
        reject(new Error(`the connection to ${document} was closed with ${code}`))
      },
    })
  })
}
