import type { Store } from '@holdfast/store'

export interface ListWatchOptions {
  /** How often the device's storage was deleted. */
  readonly generation: () => number
  /** Somebody wanted it purged: what is begun anew under its name has no summary at first. */
  readonly isPurged: (id: string) => boolean
  readonly fail: (what: string) => void
}

/** `list-forgets`: looks at each change of a window's list whether what was listed as a conversation is listed as nothing (an empty document). */
export function watchList({ list }: Pick<Store, 'list'>, { generation, isPurged, fail }: ListWatchOptions): void {
  const known = new Set<string>()
  let of = generation()
  const look = (): void => {
    if (of !== generation()) known.clear()
    of = generation()
    for (const { id, summary } of list.get()) {
      if (summary.id !== '') known.add(id)
      else if (known.delete(id) && !isPurged(id)) fail(`${id} is listed as an empty document`)
    }
  }
  look()
  list.subscribe(look)
}
