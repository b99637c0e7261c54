import { MalformedError } from './bytes.ts'
import type { Position } from './decision.ts'
import type { Known } from './known.ts'
import { NONE, REF, type UpdateReader } from './update-reader.ts'
import { WaitingBlocks } from './waiting-blocks.ts'

/** One client's structs in an update, as far as they matter to what may be stored. */
export interface Block {
  readonly client: number
  /** Where its structs lie, to read them again. */
  readonly pos: number
  readonly clock: number
  readonly structs: number
  /** What was known of the client before this update. */
  readonly known: number
  /** The clock up to which this update leads without a hole. */
  contiguous: number
  /** Whether structs follow beyond a hole. */
  hole: boolean
  /** Whether any struct (or skip) tells what is known already. */
  overlaps: boolean
  /** The clock up to which everything can be integrated; at most `contiguous`. */
  reach: number
  /**
   * What new structs need of other clients beyond what was known: `[clock, client, clock of it, ...]`, triples in the
   * order of the structs.
   */
  readonly needs: number[]
  /** Index of the first need that is not met yet. */
  unmet: number
}

/** Reads all structs of an update. */
export function readBlocks(at: UpdateReader, known: Known): Block[] {
  const blocks: Block[] = []
  const seen = at.blocksLeft > 1 ? new Set<number>() : null
  while (at.nextBlock()) {
    // Yjs's reader keeps only the last block of a client that comes twice; its merging keeps both.
    if (seen?.has(at.client)) throw new MalformedError('a client that comes twice')
    seen?.add(at.client)
    blocks.push(readBlock(at, known))
  }
  return blocks
}

function readBlock(at: UpdateReader, known: Known): Block {
  const clock = known.clock(at.client)
  const block: Block = {
    client: at.client,
    pos: at.reader.pos,
    clock: at.blockClock,
    structs: at.structsLeft,
    known: clock,
    contiguous: clock,
    hole: false,
    overlaps: false,
    reach: clock,
    needs: [],
    unmet: 0,
  }
  while (at.nextStruct()) {
    const end = at.clock + at.length
    if (at.clock < clock || at.ref === REF.skip) block.overlaps = true
    if (at.ref === REF.skip || end <= block.contiguous) continue
    if (at.clock > block.contiguous) {
      block.hole = true
      continue
    }
    block.contiguous = end
    need(block, known, at.clock, at.originClient, at.originClock)
    need(block, known, at.clock, at.rightClient, at.rightClock)
    need(block, known, at.clock, at.parentClient, at.parentClock)
  }
  return block
}

function need(block: Block, known: Known, clock: number, client: number, clockOfIt: number): void {
  if (client === NONE || client === block.client || clockOfIt < known.clock(client)) return
  block.needs.push(clock, client, clockOfIt)
}

/**
 * Finds how far each block can be integrated when they may build on each other: each goes on until it needs what is not
 * there yet, and is taken up again when that client has come so far. What waits in a circle stays where it is.
 */
export function resolve(blocks: readonly Block[], known: Known): void {
  const byClient = new Map<number, Block>()
  for (const block of blocks) byClient.set(block.client, block)
  const waiting = new Map<number, WaitingBlocks>()
  const ready = blocks.slice()
  for (let block = ready.pop(); block !== undefined; block = ready.pop()) {
    const blocker = goOn(block, byClient, known)
    if (blocker !== null) {
      const queue = waiting.get(blocker) ?? new WaitingBlocks()
      waiting.set(blocker, queue)
      queue.add(block.needs[block.unmet + 2]!, block)
    }
    waiting.get(block.client)?.takeBelow(block.reach, ready)
  }
}

/** Advances `block.reach`. @returns the client it waits for, or null when it has come to its end */
function goOn(block: Block, byClient: ReadonlyMap<number, Block>, known: Known): number | null {
  while (block.unmet < block.needs.length) {
    const client = block.needs[block.unmet + 1]!
    const clock = block.needs[block.unmet + 2]!
    if (clock >= (byClient.get(client)?.reach ?? known.clock(client))) {
      // Everything before the struct that waits is good; the part of it that was known is no news.
      block.reach = Math.max(block.known, block.needs[block.unmet]!)
      return client
    }
    block.unmet += 3
  }
  block.reach = block.contiguous
  return null
}

/** The first thing that keeps a block from being integrated whole, or null. */
export function missingOf(block: Block): Position | null {
  if (block.unmet < block.needs.length) {
    return { client: block.needs[block.unmet + 1]!, clock: block.needs[block.unmet + 2]! }
  }
  return block.hole ? { client: block.client, clock: block.contiguous } : null
}
