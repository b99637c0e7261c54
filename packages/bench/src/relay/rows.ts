import { median, spread } from '../statistics.ts'
import { CONTENDERS, type ContenderName, TITLES } from './contenders.ts'

/** One line of the table of relays: a figure of each contender, a value per run; null where it was not measured. */
export interface Row {
  readonly what: string
  readonly show: (value: number) => string
  readonly values: Readonly<Partial<Record<ContenderName, readonly number[]>>>
  readonly asked?: Asked
}

export interface Asked {
  readonly text: string
  /** Given each contender's median, NaN for one that was not measured. */
  readonly isReached: (of: (name: ContenderName) => number) => boolean
}

/** Null: nothing is asked, or what it is compared with was not measured. */
export function isRowReached({ asked, values }: Row): boolean | null {
  if (asked === undefined || values.ours === undefined) return null
  let isComparable = true
  const reached = asked.isReached((name) => {
    const measured = values[name]
    if (measured === undefined) isComparable = false
    return measured === undefined ? Number.NaN : median(measured)
  })
  return isComparable ? reached : null
}

export const HEAD: readonly string[] = ['', ...CONTENDERS.map((name) => TITLES[name]), 'asked of ours', 'reached']

export function cellsOf(row: Row): string[] {
  const ok = isRowReached(row)
  return [
    row.what,
    ...CONTENDERS.map((name) => cell(row, row.values[name])),
    row.asked?.text ?? '',
    ok === null ? '' : ok ? 'yes' : '**no**',
  ]
}

function cell({ show }: Row, values: readonly number[] | undefined): string {
  if (values === undefined) return '-'
  const { median: middle, least, most } = spread(values)
  const [shown, from, to] = [show(middle), show(least), show(most)]
  return from === to ? shown : `${shown} (${from} to ${to})`
}

/** How values are shown. */
export const count = (value: number): string => Math.round(value).toLocaleString('en')
export const micros = (value: number): string => `${digits(value)} µs`
export const millis = (value: number): string => `${digits(value)} ms`
export const seconds = (value: number): string => `${digits(value)} s`
export const megabytes = (value: number): string => `${digits(value / 1e6)} MB`
export const kilobytes = (value: number): string => `${digits(value / 1e3)} KB`
export const times = (value: number): string => `${digits(value)} ×`

function digits(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  if (Math.abs(value) >= 10) return value.toFixed(1)
  return value.toFixed(2)
}

export const atMost = (most: number, show: (value: number) => string): Asked => ({
  text: `${show(most)} or less`,
  isReached: (of) => of('ours') <= most,
})
