import { type FateOfDocument, type Repaired, repairFolder } from '@holdfast/update-log/upkeep'
import { withAdvice } from '../advice.ts'
import { type Command, DATA_FLAG, JSON_FLAG } from '../command.ts'
import { dataOf } from '../data-folder.ts'
import { counted } from '../in-words.ts'
import { stampOf } from '../stamp.ts'
import { requireOwnFolder } from '../whose-folder.ts'
import { tell } from './verify.ts'

export const repair: Command = {
  name: 'repair',
  summary: 'Rebuild a damaged folder from what can be read of it',
  text: `Makes a data folder that cannot be opened, or has damaged documents, one that opens and whose documents can all be
written again, from everything that can be read. Nothing is deleted: the old log is moved to the folder's
quarantine. Clients notice, and bring what was lost. A folder that is sound is left alone. Stop the relay first.`,
  positionals: [],
  flags: {
    ...DATA_FLAG,
    'dry-run': { text: 'Say what it would do, and do nothing' },
    ...JSON_FLAG,
  },
  async run(given, { env, now, signal, progress, say, warn }) {
    const data = dataOf(given, env)
    const dryRun = given.has('dry-run')
    if (!dryRun) await requireOwnFolder(data)
    try {
      const repaired = await repairFolder(data, { dryRun, stamp: stampOf(now()), signal, onProgress: progress })
      if (given.has('json')) say(`${JSON.stringify({ event: 'repaired', data, dryRun, ...repaired })}\n`)
      else {
        tell(repaired.problems, warn)
        say(inWords(repaired, data, dryRun))
      }
      return 0
    } catch (error) {
      throw withAdvice(error, { LOCKED: 'Stop the relay, then run this again.' })
    }
  },
}

function inWords(repaired: Repaired, data: string, dryRun: boolean): string {
  if (repaired.problems.length === 0) return `${data} is sound; nothing was done.\n`
  const lines = repaired.documents.map(fateInWords)
  for (const { space, hash } of repaired.blobs) {
    lines.push(`blob ${space}/${hash}: set aside; a client that has it brings it again`)
  }
  const log = repaired.documents.length + repaired.sound
  if (log > 0) lines.push(`${counted(repaired.sound, 'document')} ${repaired.sound === 1 ? 'was' : 'were'} sound.`)
  if (dryRun) lines.push('Nothing was done: this was a dry run.')
  else if (repaired.aside !== null) lines.push(`The log is made anew; the old one is in ${repaired.aside}.`)
  return `${lines.join('\n')}\n`
}

function fateInWords({ space, document, outcome, through, lost, isCertain, waiting }: FateOfDocument): string {
  const name = outcome === 'nameless' ? 'a document without a name' : `${space}/${document}`
  const more = isCertain ? '' : '; later ones may be lost that nobody knows of'
  const aside = waiting === null ? '' : `; what builds on lost updates is set aside in documents/${waiting}`
  switch (outcome) {
    case 'whole':
      return `${name}: whole, ${counted(through, 'update')}${more}`
    case 'shortened':
      return `${name}: its first ${counted(through, 'update')} kept, ${lost} lost${more}`
    case 'merged':
      return `${name}: ${counted(lost, 'update')} lost in the middle, what does not build on them is kept${aside}${more}`
    case 'absent':
      return `${name}: nothing could be read, about ${counted(lost, 'update')} lost; a client that has it brings it again${aside}`
    case 'nameless':
      return `${name}: set aside in documents/${waiting}`
    default:
      return `${name}: ${outcome}`
  }
}
