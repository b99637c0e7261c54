import type { Command } from './command.ts'
import { backup } from './commands/backup.ts'
import { compact } from './commands/compact.ts'
import { doctor } from './commands/doctor.ts'
import { purge } from './commands/purge.ts'
import { repair } from './commands/repair.ts'
import { restore } from './commands/restore.ts'
import { stats } from './commands/stats.ts'
import { tokenCreate, tokenList, tokenRevoke } from './commands/token.ts'
import { verify } from './commands/verify.ts'

/** Every command that runs to its end, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  doctor,
  stats,
  backup,
  restore,
  verify,
  repair,
  compact,
  purge,
  tokenCreate,
  tokenList,
  tokenRevoke,
]
