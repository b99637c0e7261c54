import type { Random } from '@holdfast/testkit'
import * as Y from 'yjs'

/** Edits of one window that has not read the document: mostly words, now and then a word taken back. Each is one small update. */
export class Author {
  readonly #doc = new Y.Doc()
  readonly #random: Random
  #update: Uint8Array = new Uint8Array()
  #count = 0

  /** @param client the Yjs client id: never used twice in one document */
  constructor(client: number, random: Random) {
    this.#random = random
    this.#doc.clientID = client
    this.#doc.on('update', (update: Uint8Array) => {
      this.#update = update
    })
  }

  /** @param words more than one for a large update */
  next(words = 1): Uint8Array {
    this.#count += 1
    const { clientID } = this.#doc
    const text = this.#doc.getText(`text of ${clientID}`)
    if (words > 1) {
      text.insert(text.length, Array.from({ length: words }, () => `${this.#random.int(1e9)} `).join(''))
    } else if (text.length > 12 && this.#random.chance(0.06)) {
      text.delete(this.#random.int(text.length - 4), 1 + this.#random.int(4))
    } else if (this.#random.chance(0.3)) {
      this.#doc.getMap<string>('map').set(`${clientID}/${this.#count}`, valueUnder(clientID, this.#count))
    } else {
      text.insert(text.length, `${this.#random.int(10_000)} `)
    }
    return this.#update
  }
}

function valueUnder(client: number, count: number): string {
  return `value ${Math.imul(client, 31) + count}`
}

/** @returns keys of the document's map whose value is not the one that was written */
export function wrongValues(doc: Y.Doc): string[] {
  return [...doc.getMap<string>('map')].flatMap(([key, value]) => {
    const [client, count] = key.split('/').map(Number)
    return value === valueUnder(client ?? 0, count ?? 0) ? [] : [key]
  })
}
