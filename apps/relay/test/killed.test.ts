import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { askHere, begin, temporaryFolder } from './command.ts'
import { fill, textsOf } from './content.ts'

/** Kills the command as soon as the file is there, or sees it end. */
async function killWhen(args: readonly string[], path: string): Promise<boolean> {
  const { child, ended } = begin(args)
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  while (!isOver && (await stat(path).catch(() => null)) === null);
  child.kill('SIGKILL')
  return (await ended).code === 'SIGKILL'
}

test('K2 SIGKILL at any point of a restore leaves the folder as it was, or restored', async () => {
  const [data, to, target] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()]
  await fill(data, 60, 2_000)
  await fill(target, 5, 100)
  await askHere('backup', '--data', data, '--to', to)
  const [before, after] = [await textsOf(target), await textsOf(data)]
  let killed = 0
  for (const point of [
    'restoring',
    'restoring/log/CURRENT',
    'restoring/mark',
    'restoring/format',
    'restoring/moves.json',
  ]) {
    if (await killWhen(['restore', '--from', to, '--data', target, '--replace'], join(target, point))) killed += 1
    const now = await textsOf(target)
    expect([before, after]).toContainEqual(now)
    // The points up to the list of moves come before anything is changed.
    expect(await askHere('verify', '--data', target)).toMatchObject({ ok: true })
  }
  expect(killed).toBeGreaterThan(0)
  await askHere('restore', '--from', to, '--data', target, '--replace')
  expect(await textsOf(target)).toEqual(after)
})

test('K2 SIGKILL at any point of a repair leaves the folder damaged as it was, or repaired', async () => {
  const data = await temporaryFolder()
  await fill(data, 60, 2_000)
  const texts = await textsOf(data)
  let killed = 0
  for (const point of ['restoring', 'restoring/log/CURRENT', 'restoring/mark', 'restoring/report.json', 'quarantine']) {
    await rm(join(data, 'quarantine'), { recursive: true, force: true })
    await writeFile(join(data, 'log', 'CURRENT'), 'nonsense')
    if (await killWhen(['repair', '--data', data], join(data, point))) killed += 1
    await askHere('repair', '--data', data)
    expect(await textsOf(data)).toEqual(texts)
  }
  expect(killed).toBeGreaterThan(0)
})
