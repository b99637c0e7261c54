/** One opening of the storage. */
interface Run {
  readonly name: string
  readonly commit: number
  readonly head: number
}

/** What a relay's storage has been through (W11): its commits, its feed, and under which names it was opened when. */
export class History {
  /** Where the feed stands. */
  head = 0
  commits = 0
  #runs: Run[] = [{ name: 'i0', commit: 0, head: 0 }]
  #names = 0
  /** Where documents came to stand in the feed, oldest first. */
  #changes: { readonly commit: number; readonly document: string; readonly feed: number }[] = []

  get incarnation(): string {
    return this.#runs.at(-1)!.name
  }

  /** @returns its number */
  commit(): number {
    this.commits += 1
    return this.commits
  }

  /** The last commit changed the document. @returns where it stands in the feed now */
  changed(document: string): number {
    this.head += 1
    this.#changes.push({ commit: this.commits, document, feed: this.head })
    return this.head
  }

  /** Where the document stands in the feed, 0 for nowhere. */
  placeOf(document: string): number {
    return this.#changes.findLast((change) => change.document === document)?.feed ?? 0
  }

  /** The storage is opened again. */
  open(): void {
    this.#runs.push(this.#run())
  }

  /** It is opened as one that nobody knows. */
  openAnew(): void {
    this.#runs = [this.#run()]
  }

  /** What is opened is a copy that was made when it had come to this commit. */
  openCopy(commit: number): void {
    this.#runs = this.#runs.filter((run) => run.commit <= commit)
    this.#changes = this.#changes.filter((change) => change.commit <= commit)
    this.commits = commit
    this.head = this.#changes.at(-1)?.feed ?? 0
    this.open()
  }

  /** As `follows` and `sharedUntil` of an update log. */
  knows(name: string, cursor: number, reach: number): { readonly follows: boolean; readonly until: number } {
    const index = this.#runs.findIndex((run) => run.name === name)
    if (index === -1) return { follows: false, until: 0 }
    const next = this.#runs[index + 1]
    if (next === undefined) return { follows: true, until: this.commits }
    return { follows: reach <= next.commit && cursor <= next.head, until: next.commit }
  }

  #run(): Run {
    this.#names += 1
    return { name: `i${this.#names}`, commit: this.commits, head: this.head }
  }
}
