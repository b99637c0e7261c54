/** What every browser and the common models read. SVG is left out: it is a program. */
export const pictureTypes: readonly string[] = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']

/** Bytes; the relay takes 32 MB, and models much less. */
export const mostBytes = 16 * 1024 * 1024
/** With one message. */
export const mostPictures = 8

export interface ReadPicture {
  readonly name: string
  readonly mediaType: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface PicturesRead {
  readonly pictures: readonly ReadPicture[]
  /** Why some were not taken, in words; null when all were. */
  readonly problem: string | null
}

/** What a file is, by its first bytes: names and stated types lie. Null for what is none of `pictureTypes`. */
export function pictureType(bytes: Uint8Array): string | null {
  const starts = (...codes: number[]) => codes.every((code, index) => bytes[index] === code)
  if (starts(0x89, 0x50, 0x4e, 0x47)) return 'image/png'
  if (starts(0xff, 0xd8, 0xff)) return 'image/jpeg'
  if (starts(0x47, 0x49, 0x46, 0x38)) return 'image/gif'
  const webp = starts(0x52, 0x49, 0x46, 0x46) && String.fromCharCode(...bytes.subarray(8, 12)) === 'WEBP'
  return webp ? 'image/webp' : null
}

const megabytes = (bytes: number): string =>
  `${(bytes / 1024 / 1024).toLocaleString('en', { maximumFractionDigits: 1 })} MB`

/** Reads what was pasted, dropped or chosen. `have` is how many are attached already. */
export async function readPictures(files: readonly File[], have: number): Promise<PicturesRead> {
  const pictures: ReadPicture[] = []
  const problems: string[] = []
  for (const file of files) {
    const name = file.name || 'image'
    if (have + pictures.length >= mostPictures) {
      problems.push(`No more than ${mostPictures} images go with one message.`)
      break
    }
    if (file.size > mostBytes) {
      problems.push(`“${name}” is too big: ${megabytes(file.size)}, and ${megabytes(mostBytes)} is the most.`)
      continue
    }
    const bytes = await file.arrayBuffer().then(
      (buffer) => new Uint8Array(buffer),
      () => null,
    )
    const mediaType = bytes && pictureType(bytes)
    if (bytes && mediaType) pictures.push({ name, mediaType, bytes })
    else if (!bytes || bytes.length === 0) problems.push(`“${name}” cannot be read; is it a folder, or empty?`)
    else problems.push(`“${name}” is not an image that can be sent: PNG, JPEG, WebP and GIF can.`)
  }
  return { pictures, problem: problems.length === 0 ? null : problems.join(' ') }
}
