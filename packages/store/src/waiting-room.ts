import * as Y from 'yjs'

/** What Yjs holds of updates that build on something which is not in the document yet. */
export interface WaitingRoom {
  /** Some of it is not known to be on this device. */
  holdsUnkept(): boolean
  /** What the device had is gone: what waits is nowhere but here. */
  forgetKept(): void
}

interface Held {
  readonly structs: Y.Doc['store']['pendingStructs']
  readonly deletes: Uint8Array | null
}

/**
 * Yjs lets what waits into the document in the transaction that brings what was missing, under that one's origin. What another tab could not
 * save, and this one is to keep, would pass for something that was just read from the device, and nobody would keep it. So it is taken out
 * while a transaction runs, and let in behind it by one of its own with the origin null: it counts as this window's, which keeps and sends it.
 *
 * @param isKept what comes with this origin is on the device
 */
export function createWaitingRoom(doc: Y.Doc, isKept: (origin: unknown) => boolean): WaitingRoom {
  const { store } = doc
  let unkept = false
  let out: Held | null = null
  let isLettingIn = false
  /** What waited when a transaction began: Yjs adds to the same object. */
  const before = new WeakMap<Y.Transaction, readonly [Uint8Array | undefined, Uint8Array | null]>()

  const isEmpty = (): boolean => store.pendingStructs === null && store.pendingDs === null

  const letIn = ({ structs, deletes }: Held): void => {
    const missing = [...(structs?.missing ?? [])]
    const isReady = deletes !== null || missing.some(([client, clock]) => clock < Y.getState(store, client))
    if (!isReady && isEmpty()) {
      store.pendingStructs = structs
      return
    }
    doc.transact(() => {
      if (structs) Y.applyUpdateV2(doc, structs.update)
      if (deletes) Y.applyUpdateV2(doc, deletes)
    }, null)
  }

  doc.on('beforeTransaction', (transaction: Y.Transaction) => {
    if (unkept && out === null && !isEmpty()) {
      out = { structs: store.pendingStructs, deletes: store.pendingDs }
      store.pendingStructs = null
      store.pendingDs = null
    }
    before.set(transaction, [store.pendingStructs?.update, store.pendingDs])
  })
  doc.on('afterTransaction', (transaction: Y.Transaction) => {
    const [structs, deletes] = before.get(transaction) ?? []
    const isNew = store.pendingStructs?.update !== structs || store.pendingDs !== deletes
    if (isNew && !isEmpty() && !isKept(transaction.origin)) unkept = true
  })
  doc.on('afterAllTransactions', () => {
    if (isLettingIn) return
    if (out !== null) {
      isLettingIn = true
      letIn(out)
      isLettingIn = false
      out = null
    }
    if (isEmpty()) unkept = false
  })

  return {
    holdsUnkept: () => unkept && !isEmpty(),
    forgetKept: () => {
      unkept = !isEmpty()
    },
  }
}

/**
 * What the document has beyond a state vector, without what only waits in it: an edit that another tab told of, and that builds on one
 * which died unsaved with that tab, is nowhere part of the conversation, and the relay would refuse it for good.
 */
export function encodeIntegrated(doc: Y.Doc, stateVector?: Uint8Array): Uint8Array {
  const { store } = doc
  const { pendingStructs, pendingDs } = store
  store.pendingStructs = null
  store.pendingDs = null
  try {
    return Y.encodeStateAsUpdate(doc, stateVector)
  } finally {
    store.pendingStructs = pendingStructs
    store.pendingDs = pendingDs
  }
}

/** Nothing of an update that was applied waits. Something else may, for ever: it builds on what died with another tab. */
export function hasComeIn(doc: Y.Doc, update: Uint8Array): boolean {
  const { store } = doc
  if (store.pendingStructs === null) return true
  return Array.from(Y.parseUpdateMeta(update).to).every(([client, clock]) => Y.getState(store, client) >= clock)
}
