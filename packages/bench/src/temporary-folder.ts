import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is gone afterwards. */
export class TemporaryFolder implements AsyncDisposable {
  readonly path: string
  private constructor(path: string) {
    this.path = path
  }
  static async make(name: string): Promise<TemporaryFolder> {
    return new TemporaryFolder(await mkdtemp(join(tmpdir(), `holdfast-bench-${name}-`)))
  }
  async [Symbol.asyncDispose](): Promise<void> {
    // A program that has just ended may still be writing its last files.
    await rm(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}
