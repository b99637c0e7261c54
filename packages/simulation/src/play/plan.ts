import { seededRandom } from '@holdfast/testkit'
import { OPERATIONS } from './operations.ts'

/** One thing that happens: what, to which peer, and the number that decides everything else about it. */
export interface Operation {
  readonly kind: string
  readonly peer: number
  readonly dice: number
}

export interface PlanOptions {
  readonly seed: number
  readonly operations: number
  readonly peers: number
}

/** Draws operations by their weights. They depend on nothing that happens, so that any of them can be left out. */
export function drawPlan({ seed, operations, peers }: PlanOptions): Operation[] {
  const random = seededRandom(seed)
  const kinds = Object.entries(OPERATIONS)
  const total = kinds.reduce((sum, [, { weight }]) => sum + weight, 0)
  const draw = (): string => {
    let at = random.next() * total
    for (const [kind, { weight }] of kinds) {
      at -= weight
      if (at < 0) return kind
    }
    return kinds[0]![0]
  }
  return Array.from({ length: operations }, () => ({
    kind: draw(),
    peer: random.int(peers),
    dice: random.int(2 ** 31),
  }))
}

/** `edit:2:4fzk say:0:1` ... */
export function formatPlan(plan: readonly Operation[]): string {
  return plan.map(({ kind, peer, dice }) => `${kind}:${peer}:${dice.toString(36)}`).join(' ')
}

/** @throws SyntaxError when a word is no operation */
export function parsePlan(text: string): Operation[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => {
      const [kind = '', peer = '', dice = ''] = word.split(':')
      const operation = { kind, peer: Number(peer), dice: Number.parseInt(dice, 36) }
      if (!Object.hasOwn(OPERATIONS, kind) || !Number.isSafeInteger(operation.peer + operation.dice)) {
        throw new SyntaxError(`'${word}' is no operation`)
      }
      return operation
    })
}
