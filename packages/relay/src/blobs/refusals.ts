import { refusal } from '../refusal.ts'

export const NOT_FOUND = refusal(404, 'BLOB_NOT_FOUND', 'There is no such blob in this space.')
export const BAD_HASH = refusal(404, 'BLOB_BAD_HASH', 'A blob is named by its SHA-256 in 64 lower-case hex digits.')
export const READ_ONLY = refusal(403, 'READ_ONLY', 'This token may read and not write.')
export const ADMINS_ONLY = refusal(403, 'ADMINS_ONLY', 'Only an admin may remove blobs.')
export const BAD_TYPE = refusal(
  415,
  'BLOB_TYPE',
  'Blobs of this media type are not taken; application/octet-stream always is.',
)
export const ENCODED = refusal(415, 'BLOB_ENCODED', 'Send the blob as it is, without a content encoding.')
export const WRONG_HASH = refusal(
  422,
  'BLOB_HASH',
  'The content does not have the SHA-256 that names it. Nothing was kept.',
)
export const EXISTS = refusal(412, 'BLOB_EXISTS', 'The blob is there already.')
export const ABSENT = refusal(412, 'BLOB_ABSENT', 'There is no such blob to be matched.')
export const DISK_FULL = refusal(
  507,
  'STORAGE_FULL',
  'The disk of the relay is full. Nothing was kept; try again later.',
)
export const DAMAGED = refusal(
  404,
  'BLOB_DAMAGED',
  'What was stored is damaged and was set aside. A device that has it brings it again; ask later.',
)
export const STOOD_STILL = refusal(
  408,
  'TOO_SLOW',
  'The upload neither ended nor went on by 16 KiB in the time that it is given. Nothing was kept; send it again.',
)
export const PURGED = refusal(
  410,
  'DOCUMENT_PURGED',
  'The document that refers to it was deleted for good. Nothing was kept.',
)
export const BAD_REFERENCES = refusal(
  400,
  'BLOB_REFERENCES',
  'Send {"blobs":[...]} with SHA-256 hashes, at most 10000 and 1 MiB, and name the document: ?document=.',
)
export const TOO_MANY_REFERENCES = refusal(
  413,
  'TOO_MANY_REFERENCES',
  'A document refers to at most 10000 blobs. Nothing was kept; begin another conversation.',
)

export function spaceFull(quota: number) {
  return refusal(
    507,
    'SPACE_FULL',
    `This space may hold ${quota} bytes and has no room for this. Nothing was kept. Delete conversations for good, or ask whoever runs the relay for more room.`,
  )
}

export function tooLarge(limit: number) {
  return refusal(413, 'BLOB_TOO_LARGE', `A blob has at most ${limit} bytes. Nothing was kept.`)
}
