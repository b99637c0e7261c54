import { TemporaryFolder } from '../temporary-folder.ts'
import { RelayProcess } from './relay-process.ts'

/** A relay that has nothing yet, for as long as `use` takes. It is another origin for a page, and so another storage. */
export async function withFreshRelay<T>(use: (relay: RelayProcess) => Promise<T>): Promise<T> {
  await using data = await TemporaryFolder.make('relay')
  await using relay = await RelayProcess.start(data.path)
  return await use(relay)
}
