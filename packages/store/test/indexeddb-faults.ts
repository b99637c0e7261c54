/** Deletes a database as another tab, or a person in the browser's tools, would. Resolves when it is gone. */
export function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  })
}

export interface PutFault {
  /** Lets this many puts of a transaction through first, so that it fails half way. */
  readonly after: number
  /**
   * `AbortError` aborts the transaction, `LateAbort` only when the put itself has succeeded; any other name is thrown, as a
   * full disk does with `QuotaExceededError`.
   */
  readonly error: 'AbortError' | 'LateAbort' | 'QuotaExceededError' | 'UnknownError'
  /** Only puts into this object store fail. */
  readonly store?: string
}

/** Makes the browser's own `put` and `add` fail. The database is the real one; only the fault is ours. */
export function failingPuts(): { set(fault: PutFault | null): void; restore(): void } {
  const originals = { put: IDBObjectStore.prototype.put, add: IDBObjectStore.prototype.add }
  const counts = new WeakMap<IDBTransaction, number>()
  let fault: PutFault | null = null
  const wrap = (original: IDBObjectStore['put']): IDBObjectStore['put'] =>
    function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      const write = (): IDBRequest<IDBValidKey> =>
        key === undefined ? original.call(this, value) : original.call(this, value, key)
      if (!fault || (fault.store && fault.store !== this.name)) return write()
      const before = counts.get(this.transaction) ?? 0
      counts.set(this.transaction, before + 1)
      if (before < fault.after) return write()
      if (fault.error === 'LateAbort') {
        const request = write()
        request.addEventListener('success', () => this.transaction.abort())
        return request
      }
      if (fault.error !== 'AbortError') throw new DOMException('a test made this put fail', fault.error)
      const request = write()
      this.transaction.abort()
      return request
    }
  IDBObjectStore.prototype.put = wrap(originals.put)
  IDBObjectStore.prototype.add = wrap(originals.add)
  return {
    set: (next) => {
      fault = next
    },
    restore: () => {
      Object.assign(IDBObjectStore.prototype, originals)
    },
  }
}
