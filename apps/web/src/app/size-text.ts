const units = ['bytes', 'KB', 'MB', 'GB'] as const

/** Bytes in words: `1 byte`, `820 KB`, `1.4 GB`. */
export function sizeText(bytes: number): string {
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(1000)))
  const value = bytes / 1000 ** step
  const text = value.toLocaleString('en', { maximumFractionDigits: step > 1 && value < 100 ? 1 : 0 })
  return `${text} ${bytes === 1 ? 'byte' : units[step]}`
}
