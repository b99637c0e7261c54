import { type Command, DATA_FLAG, JSON_FLAG } from '../command.ts'
import { dataOf } from '../data-folder.ts'
import { checkAddress } from '../doctor/address.ts'
import { checkClock } from '../doctor/clock.ts'
import { checkDisk } from '../doctor/disk.ts'
import type { Finding } from '../doctor/finding.ts'
import { checkFolder } from '../doctor/folder.ts'
import { checkPort } from '../doctor/port.ts'
import { checkProgram } from '../doctor/program.ts'
import { wrong } from '../flags.ts'
import { findWebApp } from '../web.ts'

export const doctor: Command = {
  name: 'doctor',
  summary: 'Look whether everything that a relay needs is as it should be',
  text: `Looks at the program, the data folder and its rights, who has it open, the disk's room and speed, the clock and the port; with
--url also at an address as clients reach it: certificate, WebSocket, and that other sites' pages are refused.
Changes nothing. Exit code 0: nothing is broken; 1: something is.`,
  positionals: [],
  flags: {
    ...DATA_FLAG,
    host: { value: 'ADDRESS', text: 'Address that serve is to listen on (127.0.0.1)' },
    port: { value: 'PORT', text: 'Port that serve is to listen on (4321)' },
    url: { value: 'URL', text: 'Address to look at, such as https://chat.example.org' },
    ...JSON_FLAG,
  },
  async run(given, { env, now, say }) {
    const data = dataOf(given, env)
    const url = given.text('url')
    if (url !== undefined && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
      throw wrong(`--url is an address such as https://chat.example.org, not "${url}".`)
    }
    const port = given.number('port', 4321, 0, 65_535)
    const findings = [
      ...checkProgram(findWebApp()),
      ...(await checkFolder(data)),
      ...(await checkDisk(data)),
      ...(await checkClock(data, now())),
      ...(await checkPort(given.text('host') ?? '127.0.0.1', port)),
      ...(url === undefined ? [] : await checkAddress(new URL(url))),
    ]
    const isBroken = findings.some(({ state }) => state === 'fail')
    if (given.has('json')) say(`${JSON.stringify({ event: 'examined', data, ok: !isBroken, findings })}\n`)
    else say(findings.map(lineOf).join(''))
    return isBroken ? 1 : 0
  },
}

function lineOf({ what, state, found, advice }: Finding): string {
  return `${state.padEnd(4)}  ${what.padEnd(9)}  ${found}${advice === '' ? '' : `\n${' '.repeat(17)}${advice}`}\n`
}
