import { Having } from './having.ts'
import { type Script, written } from './script.ts'
import { StockClient, type Target } from './stock.ts'

export interface OpenAllArgs {
  readonly target: Target
  readonly name: string
  readonly scripts: readonly Script[]
}

let open: StockClient[] = []

/** Opens documents, a connection each, some at a time; resolves when each has all of its document. They stay open. */
export async function openAll({ target, name, scripts }: OpenAllArgs): Promise<void> {
  const wanted = scripts.map((script) => written(script).stateVector)
  let next = 0
  const one = async (): Promise<void> => {
    for (let number = next++; number < wanted.length; number = next++) {
      open.push(await has(target, `${name}${number}`, wanted[number]!))
    }
  }
  await Promise.all(Array.from({ length: 8 }, one))
}

function has(target: Target, document: string, wanted: ReadonlyMap<number, number>): Promise<StockClient> {
  const having = new Having()
  return new Promise((resolve, reject) => {
    const client: StockClient = new StockClient(target, document, {
      opened() {
        if (target.answers) client.ask()
        else resolve(client)
      },
      update(update) {
        having.take(update)
        if (having.covers(wanted)) resolve(client)
      },
      closed: (code) => reject(new Error(`${document} closed: ${code}`)),
    })
  })
}

export async function closeAll(): Promise<void> {
  for (const client of open) client.close()
  open = []
}

export function keepOpen(client: StockClient): void {
  open.push(client)
}

export interface OpenOneArgs {
  readonly target: Target
  readonly document: string
  readonly script: Script
}

let last: { readonly script: Script; readonly stateVector: ReadonlyMap<number, number> } | null = null

/** One client that has nothing opens one document. @returns ms from connecting to the message that makes it whole, looked at afterwards */
export async function openOne({ target, document, script }: OpenOneArgs): Promise<{ ms: number; bytes: number }> {
  if (last === null || JSON.stringify(last.script) !== JSON.stringify(script)) {
    last = { script, stateVector: written(script).stateVector }
  }
  const { stateVector } = last
  const having = new Having()
  const came: { at: number; update: Uint8Array }[] = []
  let bytes = 0
  return new Promise((resolve, reject) => {
    let looking = false
    const begun = performance.now()
    const client: StockClient = new StockClient(target, document, {
      opened: () => client.ask(),
      update(update) {
        came.push({ at: performance.now(), update: update.slice() })
        bytes += update.length
        if (looking) return
        looking = true
        setImmediate(look)
      },
      closed: (code) => reject(new Error(`${document} closed: ${code}`)),
    })
    function look(): void {
      looking = false
      for (const { at, update } of came.splice(0)) {
        having.take(update)
        if (!having.covers(stateVector)) continue
        resolve({ ms: at - begun, bytes })
        client.close()
        return
      }
    }
  })
}
