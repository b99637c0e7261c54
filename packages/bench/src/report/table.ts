import type { Figure, Unit } from '../benchmark.ts'
import { median, spread } from '../statistics.ts'

/** Three significant digits, and never fewer than there are before the point. */
export function amount(value: number, unit: Unit): string {
  if (unit === 'bytes') return `${Math.round(value).toLocaleString('en')} bytes`
  if (value >= 100) return `${Math.round(value)} ${unit}`
  if (value >= 1) return `${value.toPrecision(3)} ${unit}`
  return `${Number(value.toPrecision(3))} ${unit}`
}

/** How much of the reference our figure is: `0.42 ×` is faster (or smaller), `3.1 ×` slower. */
function share(figure: Figure, all: readonly Figure[]): string {
  if (figure.beside === undefined) return ''
  const reference = all.find(({ what }) => what === figure.beside)
  if (!reference) throw new Error(`${figure.what} names a reference that was not measured: ${figure.beside}`)
  if (reference.unit !== figure.unit) throw new Error(`${figure.what} and ${reference.what} are of different units`)
  const ratio = median(figure.values) / median(reference.values)
  return `${ratio >= 100 ? Math.round(ratio) : ratio.toPrecision(2)} × ${figure.beside}`
}

export function reached(figure: Figure): boolean | null {
  return figure.target === undefined ? null : median(figure.values) <= figure.target
}

/** The figures as a Markdown table whose columns line up, so that it reads on a terminal too. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { median: middle, least, most } = spread(figure.values)
    const ok = reached(figure)
    return [
      figure.what,
      amount(middle, figure.unit),
      least === most ? 'always the same' : `${amount(least, figure.unit)} to ${amount(most, figure.unit)}`,
      figure.target === undefined ? '' : amount(figure.target, figure.unit),
      ok === null ? '' : ok ? 'yes' : '**no**',
      share(figure, figures),
    ]
  })
  return alignColumns([['', 'median', 'runs', 'target', 'reached', 'beside'], ...rows])
}

export function alignColumns(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => [...(row[column] ?? '')].length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length)).join(' | ')} |`
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join('\n')
}
