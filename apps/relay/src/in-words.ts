/** Sizes and counts for a person. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes / 1_000
  let unit = 0
  for (; value >= 999.5 && unit < units.length - 1; unit += 1) value /= 1_000
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
