import { openAhead } from '@holdfast/update-log/ahead'

/** Writes until it is refused, says how often it was not, and ends without an end. */
const [, , directory = ''] = process.argv
const ahead = await openAhead(directory)
const one = { space: 'default', document: 'chat', epoch: 'e1', update: new Uint8Array(1_000) }
let written = 0
while (ahead.write(one)) written += 1
// What is smaller has room: a refusal is of one update.
if (ahead.write({ ...one, update: new Uint8Array(1) })) written += 1
process.stdout.write(String(written), () => process.kill(process.pid, 'SIGKILL'))
