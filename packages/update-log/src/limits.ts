/** Bytes of a summary, unless the log is opened with another limit. */
export const DEFAULT_SUMMARY_LIMIT = 2_048

/** Entries of one page of the feed. */
export const MAX_FEED_LIMIT = 10_000
