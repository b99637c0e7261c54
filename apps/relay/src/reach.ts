import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isUpdateLogError } from '@holdfast/update-log'
import { withAdvice } from './advice.ts'
import { codeOf, Failure } from './failure.ts'
import { createRelayClient, ownTokens, type RelayClient } from './relay-client.ts'
import { readServing } from './serving-file.ts'

/**
 * Does something with a data folder: by itself, or through the relay that has it open.
 * @throws Failure
 */
export async function withFolderOrRelay<T>(
  data: string,
  now: () => number,
  directly: () => Promise<T>,
  through: (relay: RelayClient) => Promise<T>,
): Promise<T> {
  try {
    return await directly()
  } catch (error) {
    if (!isUpdateLogError(error, 'LOCKED')) throw withAdvice(error)
  }
  return through(await relayOf(data, now))
}

/** The relay that has the folder open, with tokens that the folder's own key signs. */
async function relayOf(data: string, now: () => number): Promise<RelayClient> {
  const serving = await readServing(data)
  if (serving === null) {
    throw new Failure(
      `Another process has the data folder ${data} open, and it is no relay that says where it is; end it, then try again.`,
    )
  }
  let key: string
  try {
    key = (await readFile(join(data, 'key'), 'utf8')).trim()
  } catch (error) {
    throw new Failure(
      `The relay at ${serving.url} has the data folder open, and the key in ${data} cannot be read (${codeOf(error)}); run this as the relay's user, or stop the relay.`,
      { cause: error },
    )
  }
  return createRelayClient(serving.url, ownTokens(Buffer.from(key, 'hex'), now))
}
