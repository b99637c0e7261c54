import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unwritable } from './ledger-error.ts'

/** Adds a line to a file of lines; durable when it resolves. @throws TokenLedgerError `UNWRITABLE` */
export async function append(path: string, line: string): Promise<void> {
  try {
    const file = await open(path, 'a+', 0o600)
    try {
      const { size } = await file.stat()
      const last = Buffer.alloc(1)
      if (size > 0) await file.read(last, 0, 1, size - 1)
      // What a crash left without its line feed must not take this line with it.
      await file.appendFile(size > 0 && last[0] !== 0x0a ? `\n${line}` : line)
      await file.sync()
      if (size === 0) await syncDirectory(path)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** @throws what the file system throws */
export async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncDirectory(path)
}

/** A new name is durable when its folder is. Windows cannot open folders and does not need it. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
