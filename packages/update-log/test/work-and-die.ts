import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Lets a child work until it has said so many lines, and `awaited` in one of them, then kills it in whatever it is doing.
 * @returns the lines it finished
 */
export async function workAndDie(
  script: string,
  directory: string,
  seed: number,
  session: number,
  lines: number,
  awaited = '',
): Promise<string[]> {
  const args = ['--conditions=@holdfast/source', script, directory, String(seed), String(session)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  let count = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    count += text.split('\n').length - 1
    if (count > lines && out.includes(awaited)) child.kill('SIGKILL')
  })
  await once(child, 'close')
  // The last line may be cut; it was acknowledged, but nobody was told which it is.
  return out.split('\n').slice(0, -1)
}
