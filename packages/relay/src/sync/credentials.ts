import { CLOSE, type HelloFrame, type SyncConnectionEvent } from '@holdfast/protocol'
import { type Grant, reachesDocument } from '../access.ts'
import type { Tenure, TenureEnd } from '../tenure.ts'
import { verifyToken } from './admission.ts'
import type { SyncServices } from './services.ts'
import type { SyncSpace } from './space.ts'

export interface CredentialsOptions {
  readonly services: SyncServices
  readonly space: SyncSpace
  /** The client's, while it is not admitted yet; asked for when the token's turn has come. */
  readonly hello: () => HelloFrame | null
  /** Nobody wants to know any more. */
  readonly isOver: () => boolean
  /** What became of a token, at once or later. */
  readonly tell: (event: SyncConnectionEvent) => void
}

/** The tokens that one client shows: the last good one says what the client reaches and how long it may stay. */
export class Credentials {
  readonly #options: CredentialsOptions
  #grant: Grant | null = null
  #tenure: Tenure | null = null
  #verifying: Promise<void> = Promise.resolve()

  constructor(options: CredentialsOptions) {
    this.#options = options
  }

  /** One token after the other, so that the last one given is the one that counts. */
  show(token: string): void {
    this.#verifying = this.#verifying.then(async () => {
      const { services, space, hello, isOver, tell } = this.#options
      const verdict = await verifyToken(services, space, token, hello())
      if (isOver()) return
      if (verdict.kind === 'denied') {
        tell(verdict)
        return
      }
      this.#grant = verdict.grant
      this.#stay(verdict.grant)
      tell(verdict.event)
    })
  }

  reaches(document: string): boolean {
    return this.#grant !== null && reachesDocument(this.#grant, document)
  }

  /** The client has gone: its place is free. */
  close(): void {
    this.#tenure?.close()
  }

  #stay(grant: Grant): void {
    if (this.#tenure === null) this.#tenure = this.#options.services.tenures.begin(grant, (why) => this.#hasToGo(why))
    else this.#tenure.renew(grant)
  }

  #hasToGo(why: TenureEnd): void {
    if (why === 'expired') this.#options.tell({ kind: 'timer', timer: 'expiry' })
    else this.#options.tell({ kind: 'denied', code: CLOSE.TOKEN_EXPIRED, reason: 'the token was revoked' })
  }
}
