import { createHash } from 'node:crypto'
import type { BackupPoint, DocumentState } from './backup-items.ts'

/** A run of bytes in a segment. */
export interface Extent {
  /** The segment's number. */
  readonly segment: number
  readonly offset: number
  readonly length: number
}

export interface BackedUpDocument {
  readonly state: DocumentState
  /** Its names, head and summary. */
  readonly about: Extent
  /** Its records, in order. */
  readonly records: readonly Extent[]
}

export interface BackedUpSegment {
  readonly number: number
  readonly bytes: number
  readonly sha256: string
}

export interface BackedUpBlob {
  readonly space: string
  readonly hash: string
  readonly bytes: number
  readonly type: string
}

export interface BackedUpFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** One backup: everything as it was at one moment, in segments that backups share. */
export interface Manifest {
  readonly number: number
  /** ISO 8601. */
  readonly time: string
  readonly point: BackupPoint
  /** The backup that this one took over what had not changed from, or null. */
  readonly base: number | null
  readonly segments: readonly BackedUpSegment[]
  readonly documents: readonly BackedUpDocument[]
  /** Documents that were damaged in the data folder; what a backup before had of them is kept. */
  readonly damaged: readonly { readonly space: string; readonly document: string; readonly what: string }[]
  readonly blobs: readonly BackedUpBlob[]
  readonly references: readonly {
    readonly space: string
    readonly document: string
    readonly hashes: readonly string[]
  }[]
  /** Small files of the data folder: the key, the tokens' ledger. */
  readonly files: readonly BackedUpFile[]
}

const NAME = 'holdfast-backup-manifest'
const VERSION = 1

/**
 * Lines of JSON: what it is, then a line for each thing, then a line with the number of lines and the SHA-256 of all before it, so that a
 * manifest that is cut short or changed is known.
 */
export function encodeManifest(manifest: Manifest): string {
  const { number, time, point, base } = manifest
  const lines = [
    { holdfast: NAME, version: VERSION, number, time, base, ...point },
    ...manifest.segments.map((segment) => ({ segment: segment.number, bytes: segment.bytes, sha256: segment.sha256 })),
    ...manifest.documents.map(({ state: { space, document, ...state }, about, records }) => ({
      document: [space, document],
      ...state,
      about: packed(about),
      records: records.map(packed),
    })),
    ...manifest.damaged.map(({ space, document, what }) => ({ damaged: [space, document], what })),
    ...manifest.blobs.map(({ hash, ...blob }) => ({ blob: hash, ...blob })),
    ...manifest.references.map(({ hashes, ...ref }) => ({ references: hashes, ...ref })),
    ...manifest.files.map(({ name, ...file }) => ({ file: name, ...file })),
  ]
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  return `${text}${JSON.stringify({ end: lines.length, sha256: sha256(text) })}\n`
}

function packed({ segment, offset, length }: Extent): number[] {
  return [segment, offset, length]
}

export type ReadManifest =
  | { readonly kind: 'read'; readonly manifest: Manifest }
  | { readonly kind: 'damaged' }
  /** Of a version that this program does not know. */
  | { readonly kind: 'newer'; readonly version: number }

export function decodeManifest(text: string): ReadManifest {
  const end = text.lastIndexOf('\n', text.length - 2) + 1
  const [body, last] = [text.slice(0, end), text.slice(end)]
  const lines = body.split('\n').slice(0, -1).map(parsed)
  const said = parsed(last)
  const [first] = lines
  if (first === null || said === null || first?.holdfast !== NAME) return { kind: 'damaged' }
  if (said.sha256 !== sha256(body) || said.end !== lines.length) return { kind: 'damaged' }
  if (typeof first.version !== 'number' || first.version > VERSION) {
    return { kind: 'newer', version: Number(first.version) }
  }
  return { kind: 'read', manifest: manifestOf(first, lines.slice(1)) }
}

// What passes its checksum was written by `encodeManifest`, so its lines are of the shapes given there.
function manifestOf(first: Line, lines: readonly (Line | null)[]): Manifest {
  const { holdfast: _name, version: _version, number, time, base, ...point } = first
  const manifest = {
    number: number as number,
    time: time as string,
    base: base as number | null,
    point: point as unknown as BackupPoint,
    segments: [] as BackedUpSegment[],
    documents: [] as BackedUpDocument[],
    damaged: [] as { space: string; document: string; what: string }[],
    blobs: [] as BackedUpBlob[],
    references: [] as { space: string; document: string; hashes: string[] }[],
    files: [] as BackedUpFile[],
  }
  for (const line of lines) {
    if (line === null) continue
    if ('segment' in line) {
      const { segment, ...rest } = line
      manifest.segments.push({ number: segment as number, ...(rest as { bytes: number; sha256: string }) })
    } else if ('damaged' in line) {
      const [space = '', document = ''] = line.damaged as string[]
      manifest.damaged.push({ space, document, what: String(line.what) })
    } else if ('blob' in line) {
      const { blob, ...rest } = line
      manifest.blobs.push({ hash: blob as string, ...(rest as { space: string; bytes: number; type: string }) })
    } else if ('references' in line) {
      const { references, ...rest } = line
      manifest.references.push({ hashes: references as string[], ...(rest as { space: string; document: string }) })
    } else if ('file' in line) {
      const { file, ...rest } = line
      manifest.files.push({ name: file as string, ...(rest as { bytes: number; sha256: string }) })
    } else if ('records' in line) {
      const { document, about, records, ...state } = line
      const [space = '', name = ''] = document as string[]
      manifest.documents.push({
        state: { space, document: name, ...(state as unknown as Omit<DocumentState, 'space' | 'document'>) },
        about: extentOf(about as number[]),
        records: (records as number[][]).map(extentOf),
      })
    }
  }
  return manifest
}

function extentOf([segment = 0, offset = 0, length = 0]: readonly number[]): Extent {
  return { segment, offset, length }
}

type Line = Record<string, unknown>

function parsed(line: string): Line | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Line) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
