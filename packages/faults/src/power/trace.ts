/**
 * What a process asked of the file system, in order: `strace -f -ttt -T -xx` of the calls that change files, read back. Only paths below
 * the given root count; what goes to sockets and pipes is left out.
 */
export type FileEvent = { readonly at: number } & (
  | { readonly kind: 'create'; readonly path: string; readonly file: number }
  | { readonly kind: 'mkdir'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'write'; readonly file: number; readonly offset: number; readonly data: Uint8Array }
  | { readonly kind: 'truncate'; readonly file: number; readonly length: number }
  /** Everything that was done to the file before its `sync-begun` is on the disk. */
  | { readonly kind: 'sync-begun'; readonly file: number; readonly sync: number }
  | { readonly kind: 'synced'; readonly file: number; readonly sync: number }
  | { readonly kind: 'folder-sync-begun'; readonly path: string; readonly sync: number }
  | { readonly kind: 'folder-synced'; readonly path: string; readonly sync: number }
)

/** The calls that are traced. */
export const TRACED =
  'openat,open,creat,close,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,' +
  'ftruncate,truncate,fallocate,mkdir,mkdirat,rmdir,link,linkat,dup,dup2,dup3,lseek'

/** A call that the model does not know: nothing can be said then. */
export class UnknownCallError extends Error {
  override readonly name = 'UnknownCallError'
  readonly code = 'UNKNOWN_CALL'
}

interface OpenFile {
  readonly path: string
  /** Null for a folder. */
  readonly file: number | null
  position: number
  readonly appends: boolean
}

interface Begun {
  readonly name: string
  readonly args: string
  /** The number of a sync, given when it began. */
  readonly sync: number
}

const LINE = /^(\d+) +(\d+\.\d+) (.*)$/
const CALL = /^(\w+)\((.*)\) += (-?\d+)/s
const UNFINISHED = /^(\w+)\((.*) <unfinished \.\.\.>$/s
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/s

/** Reads the lives of one process after the other on one folder that was not there before the first. */
export class TraceReader {
  readonly #root: string
  readonly #files = new Map<string, number>()
  readonly #sizes = new Map<number, number>()
  readonly #open = new Map<number, OpenFile>()
  readonly #begun = new Map<string, Begun>()
  #events: FileEvent[] = []
  #nextFile = 1
  #nextSync = 1
  #at = 0

  constructor(root: string) {
    this.#root = root
  }

  /** @param text what the tracer wrote of one life. @throws UnknownCallError */
  read(text: string): FileEvent[] {
    this.#events = []
    this.#open.clear()
    this.#begun.clear()
    for (const line of text.split('\n')) {
      const match = LINE.exec(line)
      if (match === null) continue
      const [, thread = '', seconds = '', said = ''] = match
      this.#at = Number(seconds)
      this.#line(thread, said)
    }
    return this.#events
  }

  #line(thread: string, said: string): void {
    const unfinished = UNFINISHED.exec(said)
    if (unfinished !== null) {
      const [, name = '', args = ''] = unfinished
      this.#begun.set(thread, { name, args, sync: this.#begin(name, args) })
      return
    }
    const resumed = RESUMED.exec(said)
    if (resumed !== null) {
      const [, name = '', rest = '', result = ''] = resumed
      const begun = this.#begun.get(thread)
      this.#begun.delete(thread)
      // What was under way when the tracer came is not known, and nothing of ours.
      if (begun?.name === name) this.#end(name, begun.args + rest, Number(result), begun.sync)
      return
    }
    const whole = CALL.exec(said)
    if (whole === null) return
    const [, name = '', args = '', result = ''] = whole
    const sync = this.#begin(name, args)
    // A line says when the call began, and in brackets how long it took: it ended then.
    this.#at += Number(/<(\d+\.\d+)>$/.exec(said)?.[1] ?? 0)
    this.#end(name, args, Number(result), sync)
  }

  #begin(name: string, args: string): number {
    if (name !== 'fsync' && name !== 'fdatasync') return 0
    const open = this.#open.get(descriptor(args))
    if (open === undefined) return 0
    const sync = this.#nextSync++
    if (open.file === null) this.#add({ kind: 'folder-sync-begun', path: open.path, sync })
    else this.#add({ kind: 'sync-begun', file: open.file, sync })
    return sync
  }

  #end(name: string, args: string, result: number, sync: number): void {
    if (result < 0) return
    switch (name) {
      case 'openat':
      case 'open':
      case 'creat':
        this.#opened(args, result)
        return
      case 'close':
        this.#open.delete(descriptor(args))
        return
      case 'write':
      case 'pwrite64':
        this.#wrote(name, args, result)
        return
      case 'fsync':
      case 'fdatasync':
        this.#synced(args, sync)
        return
      case 'rename':
      case 'renameat':
      case 'renameat2':
      case 'link':
      case 'linkat':
        this.#moved(name, args)
        return
      case 'unlink':
      case 'unlinkat':
      case 'rmdir': {
        const [path] = stringsIn(args)
        if (path === undefined || !this.#isOurs(path)) return
        this.#files.delete(path)
        this.#add({ kind: 'remove', path })
        return
      }
      case 'mkdir':
      case 'mkdirat': {
        const [path] = stringsIn(args)
        if (path !== undefined && this.#isOurs(path)) this.#add({ kind: 'mkdir', path })
        return
      }
      default:
        this.#other(name, args)
    }
  }

  #opened(args: string, fd: number): void {
    const [path] = stringsIn(args)
    this.#open.delete(fd)
    if (path === undefined || !this.#isOurs(path)) return
    const isFolder = args.includes('O_DIRECTORY') || (!this.#files.has(path) && !args.includes('O_CREAT'))
    if (isFolder) {
      this.#open.set(fd, { path, file: null, position: 0, appends: false })
      return
    }
    let file = this.#files.get(path)
    if (file === undefined) {
      file = this.#nextFile++
      this.#files.set(path, file)
      this.#add({ kind: 'create', path, file })
    } else if (args.includes('O_TRUNC')) {
      this.#sizes.set(file, 0)
      this.#add({ kind: 'truncate', file, length: 0 })
    }
    this.#open.set(fd, { path, file, position: 0, appends: args.includes('O_APPEND') })
  }

  #wrote(name: string, args: string, result: number): void {
    const open = this.#open.get(descriptor(args))
    if (open === undefined || open.file === null) return
    const [bytes] = bytesIn(args)
    if (bytes === undefined) throw new UnknownCallError(`a write to ${open.path} without its bytes`)
    const data = bytes.subarray(0, result)
    let offset: number
    if (name === 'pwrite64') {
      offset = Number(/, (\d+)$/.exec(args)?.[1])
    } else {
      offset = open.appends ? (this.#sizes.get(open.file) ?? 0) : open.position
      open.position = offset + data.length
    }
    this.#sizes.set(open.file, Math.max(this.#sizes.get(open.file) ?? 0, offset + data.length))
    this.#add({ kind: 'write', file: open.file, offset, data })
  }

  #synced(args: string, sync: number): void {
    const open = this.#open.get(descriptor(args))
    if (open === undefined || sync === 0) return
    if (open.file === null) this.#add({ kind: 'folder-synced', path: open.path, sync })
    else this.#add({ kind: 'synced', file: open.file, sync })
  }

  #moved(name: string, args: string): void {
    const [from, to] = stringsIn(args)
    if (from === undefined || to === undefined || !this.#isOurs(to)) return
    const kind = name.startsWith('link') ? 'link' : 'rename'
    // A folder that is renamed takes along what is in it.
    for (const [path, file] of [...this.#files]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      if (kind === 'rename') this.#files.delete(path)
      this.#files.set(`${to}${path.slice(from.length)}`, file)
    }
    this.#add({ kind, from, to })
  }

  #other(name: string, args: string): void {
    const open = this.#open.get(descriptor(args))
    if (open === undefined) return
    if (name === 'lseek') open.position = Number(/(\d+)\)?$/.exec(args)?.[1] ?? 0)
    else if (name === 'ftruncate' && open.file !== null) {
      const length = Number(/, (\d+)$/.exec(args)?.[1])
      this.#sizes.set(open.file, length)
      this.#add({ kind: 'truncate', file: open.file, length })
    } else if (open.file !== null) throw new UnknownCallError(`${name} of ${open.path}`)
  }

  #isOurs(path: string): boolean {
    return path === this.#root || path.startsWith(`${this.#root}/`)
  }

  #add(event: DistributiveOmit<FileEvent, 'at'>): void {
    this.#events.push({ at: this.#at, ...event })
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

function descriptor(args: string): number {
  return Number.parseInt(args, 10)
}

/** What stands in quotes, as bytes; `-xx` writes each of them as `\xNN`. */
function bytesIn(args: string): Uint8Array[] {
  return [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) =>
    Buffer.from(hex.replaceAll('\\x', ''), 'hex'),
  )
}

function stringsIn(args: string): string[] {
  return bytesIn(args).map((bytes) => new TextDecoder().decode(bytes))
}
