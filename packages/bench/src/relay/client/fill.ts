import { Having } from './having.ts'
import { type Script, written } from './script.ts'
import { StockClient, type Target, UPDATE } from './stock.ts'

export interface FillArgs {
  readonly target: Target
  /** Documents are called this and a number. */
  readonly name: string
  readonly scripts: readonly Script[]
}

const AT_ONCE = 16

/** Writes documents as clients do; resolves when the server has told each of them back, the connections closed. */
export async function fill({ target, name, scripts }: FillArgs): Promise<void> {
  let next = 0
  const one = async (): Promise<void> => {
    for (let number = next++; number < scripts.length; number = next++) {
      await writeAll(target, `${name}${number}`, scripts[number]!)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
}

function writeAll(target: Target, document: string, script: Script): Promise<void> {
  const { updates, stateVector } = written(script)
  return new Promise((resolve, reject) => {
    let having = new Having()
    let isWritten = false
    const client: StockClient = new StockClient(target, document, {
      opened: () => client.ask(),
      update(update, kind) {
        if (!isWritten) {
          if (kind === UPDATE) return
          isWritten = true
          for (const one of updates) client.send(client.frame(UPDATE, one))
          having = new Having()
          client.ask()
          return
        }
        having.take(update)
        if (having.covers(stateVector)) client.close()
      },
      closed: (code) => (having.covers(stateVector) ? resolve() : reject(new Error(`${document} closed: ${code}`))),
    })
  })
}
