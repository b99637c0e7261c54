import type { Blobs } from '@holdfast/store'
import type { FileData } from '../answering/prompt.ts'

/** A model is not sent more than this of one file, in bytes: endpoints refuse it, and the words would be lost with it. */
const mostBytes = 20 * 1024 * 1024

function toBase64(bytes: Uint8Array): string {
  const step = 0x8000
  let binary = ''
  for (let at = 0; at < bytes.length; at += step) binary += String.fromCharCode(...bytes.subarray(at, at + step))
  return btoa(binary)
}

/** Reads the images of a conversation for a model that takes them; for one that does not, they are named in words. */
export function pictureData(blobs: Pick<Blobs, 'get'>, takesImages: () => boolean): FileData {
  return async ({ blob, url, mediaType }) => {
    if (!takesImages() || !mediaType.startsWith('image/')) return null
    if (!blob) return url?.startsWith('data:image/') ? url : null
    // One that is not to be had (offline, not sent yet by its device) must not keep the question from being asked.
    const found = await blobs.get(blob.sha256).catch(() => null)
    if (!found || found.bytes.length > mostBytes) return null
    return `data:${mediaType};base64,${toBase64(found.bytes)}`
  }
}
