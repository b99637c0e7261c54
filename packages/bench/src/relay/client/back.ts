import { diffUpdate, encodeStateVector, scanUpdate } from '@holdfast/protocol'
import * as Y from 'yjs'
import { type Script, written } from './script.ts'
import { STEP2, StockClient, type Target } from './stock.ts'

export interface BackArgs {
  readonly target: Target
  readonly name: string
  /** What the server and all clients have; each script a document. */
  readonly scripts: readonly Script[]
  readonly clientsEach: number
}

/** One of each document's clients has this one's edit, made while the server was away. */
const EDITOR = 0xfffffff0

interface Copy {
  readonly stateVector: Uint8Array
  readonly state: Uint8Array
}

/**
 * All come back at once, as providers do: each asks by its state vector and answers the server's. @returns ms from the first accept to the moment
 * when every client of every document has the edit that one of them brought.
 */
export async function back({ target, name, scripts, clientsEach }: BackArgs): Promise<{ ms: number }> {
  const documents = scripts.map((script) => copies(script))
  let first = 0
  await Promise.all(
    documents.flatMap(({ plain, edited }, number) =>
      Array.from({ length: clientsEach }, (_, client) =>
        comesBack(target, `${name}${number}`, client === 0 ? edited : plain, client === 0, () => {
          if (first === 0) first = performance.now()
        }),
      ),
    ),
  )
  return { ms: performance.now() - first }
}

function copies(script: Script): { plain: Copy; edited: Copy } {
  const { state } = written(script)
  const doc = new Y.Doc()
  Y.applyUpdate(doc, state)
  const plain = copyOf(doc)
  doc.clientID = EDITOR
  doc.getMap('meta').set('edited', true)
  return { plain, edited: copyOf(doc) }
}

function copyOf(doc: Y.Doc): Copy {
  return {
    state: Y.encodeStateAsUpdate(doc),
    stateVector: encodeStateVector(Y.decodeStateVector(Y.encodeStateVector(doc))),
  }
}

function comesBack(
  target: Target,
  document: string,
  copy: Copy,
  isEditor: boolean,
  onOpened: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const client: StockClient = new StockClient(target, document, {
      opened() {
        onOpened()
        client.ask(copy.stateVector)
        if (!target.answers) resolve()
      },
      asked(stateVector) {
        client.send(client.frame(STEP2, diffUpdate(copy.state, stateVector)))
      },
      update(update) {
        if (isEditor || tells(update)) resolve()
      },
      closed: (code) => reject(new Error(`${document} closed: ${code}`)),
    })
  })
}

function tells(update: Uint8Array): boolean {
  const scanned = scanUpdate(update)
  return scanned.kind === 'update' && scanned.structs.some(({ client }) => client === EDITOR)
}
