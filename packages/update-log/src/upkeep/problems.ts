/** Something that is not as it should be. */
export interface Problem {
  /**
   * - `file` a file of LevelDB, the mark, or a file of a backup
   * - `document` one document; `space` and `document` say which
   * - `blob` one blob; `space` and `blob` (its hash) say which
   * - `history` the commit counter, the runs, or the high-water mark
   */
  readonly part: 'file' | 'document' | 'blob' | 'history'
  readonly space?: string
  readonly document?: string
  readonly blob?: string
  /** One plain sentence without a period. */
  readonly what: string
}

/** How far something long has come. `total` is null while it is not known. */
export interface Progress {
  readonly step: string
  readonly done: number
  readonly total: number | null
}

export interface UpkeepOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** Ends it early; what was there stays as it was. */
  readonly signal?: AbortSignal | undefined
}
