import type { Refusal } from './refusal.ts'
import { TOO_MANY, TOO_MANY_FROM_ADDRESS, TOO_MANY_HANDSHAKES } from './refusal.ts'

export interface CrowdLimits {
  /** Connections that were let in, in all. */
  readonly connections: number
  /** Sockets of one address, let in or not. */
  readonly connectionsPerAddress: number
  /** Sockets that have not shown a token or finished a request, in all and of one address. */
  readonly handshakes: number
  readonly handshakesPerAddress: number
}

/** The place of one socket. */
export interface Place {
  /** It has asked for something, or shown its token: nobody waits for it any more. */
  settled(): void
  leave(): void
}

interface Address {
  sockets: number
  entering: number
}

/** Everybody who is connected, so that neither one address nor those who say nothing can take all the room. */
export class Crowd {
  readonly #limits: CrowdLimits
  readonly #addresses = new Map<string, Address>()
  #entering = 0

  constructor(limits: CrowdLimits) {
    this.#limits = limits
  }

  /** Sockets that have not settled. */
  get entering(): number {
    return this.#entering
  }

  /** @param address null when it says nothing of who it is: a Unix socket, a proxy */
  arrive(address: string | null): Place | Refusal {
    const { handshakes, handshakesPerAddress, connectionsPerAddress } = this.#limits
    if (this.#entering >= handshakes) return TOO_MANY_HANDSHAKES
    const key = address === null ? null : addressGroup(address)
    const there = key === null ? null : (this.#addresses.get(key) ?? { sockets: 0, entering: 0 })
    if (there !== null) {
      if (there.sockets >= connectionsPerAddress) return TOO_MANY_FROM_ADDRESS
      if (there.entering >= handshakesPerAddress) return TOO_MANY_HANDSHAKES
      there.sockets += 1
      there.entering += 1
      this.#addresses.set(key!, there)
    }
    this.#entering += 1
    return this.#place(key, there)
  }

  #place(key: string | null, there: Address | null): Place {
    let isEntering = true
    let isHere = true
    const settled = (): void => {
      if (!isEntering) return
      isEntering = false
      this.#entering -= 1
      if (there !== null) there.entering -= 1
    }
    return {
      settled,
      leave: () => {
        if (!isHere) return
        isHere = false
        settled()
        if (there === null || key === null) return
        there.sockets -= 1
        if (there.sockets === 0) this.#addresses.delete(key)
      },
    }
  }

  /** Whether so many are in that nobody else may come. */
  isFull(inside: number): Refusal | null {
    return inside >= this.#limits.connections ? TOO_MANY : null
  }
}

/** Whom an address stands for: one IPv4 address; of IPv6 the first 64 bits, because one home or server is given all the rest. */
export function addressGroup(address: string): string {
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
  if (!plain.includes(':')) return plain
  const [head = '', tail] = (plain.split('%')[0] ?? '').split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length)
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...after]
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
