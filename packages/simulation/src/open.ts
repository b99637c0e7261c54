/**
 * Seeds (of 200 operations by 5 peers) that are known to break a promise, and why: the open findings of `docs/decisions/0092-what-the-simulation-found.md`.
 * They are left out of `npm test`.
 */
export const OPEN: ReadonlyMap<number, string> = new Map([
  [70, 'acks ahead of the cursor'],
  [206, 'acks ahead of the cursor'],
  [273, 'acks ahead of the cursor'],
  [286, 'what a window wrote and died before telling'],
])
