/** A time as part of a file name, sorted as it passes: `20261120T093000Z`. */
export function stampOf(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')
}
