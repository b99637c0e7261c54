import type { Persistence, PersistenceHandle } from '@holdfast/store'
import type { Lane, Process, Random } from '@holdfast/testkit'
import type { Clocks } from '../check/clocks.ts'

/** The storage of one device, as the tabs share it: one transaction after the other. */
export interface Disk {
  readonly transactions: Lane
  readonly random: Random
  /** What is committed, from that moment on. */
  readonly clocks: Clocks
  readonly blobs: Set<string>
}

type Method = (...args: unknown[]) => Promise<unknown>

/**
 * A device's storage as one tab has it. A transaction is done at one event and told of at a later one: a tab may die between them, and what it had asked for
 * and was not done yet may still be done after its death, or never.
 */
export function storageOf(persistence: Persistence, disk: Disk, process: Process, answers: Lane): Persistence {
  const through = <T>(run: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      if (!process.touch()) return
      disk.transactions.push(null, () => {
        if (process.isAlive) process.touch()
        if (!process.isAlive && disk.random.chance(0.5)) return
        run().then(
          (value) => answers.push(process, () => process.touch() && resolve(value)),
          (error: unknown) => answers.push(process, () => process.touch() && reject(error)),
        )
      })
    })

  const note = (method: string | symbol, [first]: unknown[]): void => {
    if (method === 'retire') disk.clocks.gone(String(first))
    if (method !== 'write') return
    const { documents, blobs } = first as Parameters<PersistenceHandle['write']>[0]
    for (const { sha256 } of blobs ?? []) disk.blobs.add(sha256)
    for (const { id, updates } of documents ?? []) {
      for (const update of updates) disk.clocks.stored(id, update)
    }
  }

  /** Every method of a handle, and of its parts, is a transaction; `identity` and `lost` are not. */
  const wrap = <T extends object>(whole: T): T => {
    const wrapped = new Map<string | symbol, unknown>()
    return new Proxy(whole, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key)
        const isPart = key === 'references'
        if (typeof value !== 'function' && !isPart) return value
        if (!wrapped.has(key)) wrapped.set(key, isPart ? wrap(value as object) : slow(target, key, value as Method))
        return wrapped.get(key)
      },
    })
  }

  const slow =
    (target: object, key: string | symbol, method: Method): Method =>
    (...args) =>
      through(async () => {
        const result = await method.apply(target, args)
        note(key, args)
        return result
      })

  return {
    name: persistence.name,
    capabilities: persistence.capabilities,
    open: async () => wrap(await through(() => persistence.open())),
  }
}
