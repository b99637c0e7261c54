import type { Bench } from './benchmark.ts'

/** What one contender gave in one round: named numbers. */
export type Sample = Readonly<Record<string, number>>

/**
 * Runs the contenders one after another, round by round, so that whatever else the machine does meets all of them alike.
 * The order turns round each time, so that none is always the one that comes after a heavy one. The first round warms
 * up (caches, files, the processor) and is thrown away. Before each round it looks at what others do to the machine.
 *
 * Gives, for each contender, each named number as a list with one value per round.
 */
export async function alternate<Name extends string>(
  { runs, look }: Pick<Bench, 'runs' | 'look'>,
  contenders: Readonly<Record<Name, (round: number) => Promise<Sample> | Sample>>,
): Promise<Record<Name, (value: string) => number[]>> {
  const names = Object.keys(contenders) as Name[]
  const samples = new Map<Name, Sample[]>(names.map((name) => [name, []]))
  for (let round = 0; round <= runs; round++) {
    await look()
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const sample = await contenders[name](round)
      if (round > 0) samples.get(name)!.push(sample)
    }
  }
  const reader = (name: Name) => (value: string) =>
    samples.get(name)!.map((sample) => {
      const found = sample[value]
      if (found === undefined) throw new Error(`${name} did not measure ${value}`)
      return found
    })
  return Object.fromEntries(names.map((name) => [name, reader(name)])) as Record<Name, (value: string) => number[]>
}
