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
  /** `AbortError` aborts the transaction; any other name is thrown by `put`, as a full disk does with `QuotaExceededError`. */
  readonly error: 'AbortError' | 'QuotaExceededError' | 'UnknownError'
}

/** Makes the browser's own `put` fail. The database is the real one; only the fault is ours. */
export function failingPuts(): { set(fault: PutFault | null): void; restore(): void } {
  const original = IDBObjectStore.prototype.put
  const counts = new WeakMap<IDBTransaction, number>()
  let fault: PutFault | null = null
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
    if (fault) {
      const before = counts.get(this.transaction) ?? 0
      counts.set(this.transaction, before + 1)
      if (before >= fault.after) {
        if (fault.error !== 'AbortError') throw new DOMException('a test made this put fail', fault.error)
        const { transaction } = this
        const request = key === undefined ? original.call(this, value) : original.call(this, value, key)
        transaction.abort()
        return request
      }
    }
    return key === undefined ? original.call(this, value) : original.call(this, value, key)
  }
  return {
    set: (next) => {
      fault = next
    },
    restore: () => {
      IDBObjectStore.prototype.put = original
    },
  }
}
