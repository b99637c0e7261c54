/** As many openings are remembered. Who was last told something longer ago tells all of it again. */
const OPENINGS = 512
const TALLY = /^([0-9a-z]{1,40})\.([0-9]{1,15})$/

/** An opening of a store in which something was told, and how many references it was told. */
export interface Opening {
  readonly name: string
  readonly told: number
}

/** Of files that were begun before openings had names. */
const FIRST = '0'

/**
 * How much a space has been told of references: each opening of its store in which it was told one, in order, and how many. Two copies of
 * a folder that both go on do so under different names, so a point in this list, `<opening>.<number>`, says what a folder knows: all
 * that had been told up to there.
 */
export class Tally {
  #openings: Opening[] = []

  /** From now on another opening is told. */
  open(name: string): void {
    this.#openings = [...this.#openings, { name, told: 0 }].slice(-OPENINGS)
  }

  count(): void {
    const last = this.#openings.pop() ?? { name: FIRST, told: 0 }
    this.#openings.push({ name: last.name, told: last.told + 1 })
  }

  /** Puts others in the place of all. */
  replace(openings: readonly Opening[]): void {
    this.#openings = [...openings]
  }

  openings(): readonly Opening[] {
    return this.#openings
  }

  /** The point up to which it was told. */
  now(): string {
    const { name, told } = this.#openings.at(-1) ?? { name: FIRST, told: 0 }
    return `${name}.${told}`
  }

  /** Whether all that was told up to this point was told here. */
  holds(point: string): boolean {
    const [, name, told] = TALLY.exec(point) ?? []
    return name !== undefined && this.#openings.some((one) => one.name === name && one.told >= Number(told))
  }
}
