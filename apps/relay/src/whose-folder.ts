import { stat } from 'node:fs/promises'
import { codeOf, Failure } from './failure.ts'

/**
 * What root makes in the folder of somebody else, its owner cannot write: the relay would not start again. Who is root may be anybody, so nothing is lost by
 * asking for the right one.
 * @param uid who runs this; undefined where there is no such thing (Windows)
 * @throws Failure when it is root and the folder belongs to somebody else
 */
export async function requireOwnFolder(directory: string, uid: number | undefined = process.getuid?.()): Promise<void> {
  if (uid !== 0) return
  try {
    const owner = (await stat(directory)).uid
    if (owner === 0) return
    throw new Failure(
      `The data folder ${directory} belongs to user ${owner}, who could not use what root makes in it. Run this as that user: sudo -u '#${owner}' holdfast …`,
    )
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error
  }
}
