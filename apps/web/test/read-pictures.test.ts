import { expect, test } from 'vitest'
import { pictureData } from '../src/pictures/picture-data.ts'
import { mostBytes, mostPictures, pictureType, readPictures } from '../src/pictures/read-pictures.ts'

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2])
const file = (bytes: Uint8Array<ArrayBuffer>, name: string, type = 'image/png') => new File([bytes], name, { type })

test('a picture is known by its first bytes, whatever its name and stated type', () => {
  expect(pictureType(png)).toBe('image/png')
  expect(pictureType(new Uint8Array([0xff, 0xd8, 0xff, 0xe0]))).toBe('image/jpeg')
  expect(pictureType(new TextEncoder().encode('GIF89a'))).toBe('image/gif')
  expect(pictureType(new TextEncoder().encode('RIFF....WEBPVP8 '))).toBe('image/webp')
  expect(pictureType(new TextEncoder().encode('<svg xmlns=""/>'))).toBeNull()
  expect(pictureType(new Uint8Array())).toBeNull()
})

test('takes what can be sent, and says in words why the rest was not taken', async () => {
  const big = new File([new Uint8Array(mostBytes + 1)], 'big.png')
  const words = file(new TextEncoder().encode('hello'), 'words.png')
  const { pictures, problem } = await readPictures(
    [file(png, 'a.jpg', 'image/jpeg'), big, words, file(new Uint8Array(), 'none.png')],
    0,
  )
  expect(pictures).toEqual([{ name: 'a.jpg', mediaType: 'image/png', bytes: png }])
  expect(problem).toContain('“big.png” is too big: 16 MB, and 16 MB is the most.')
  expect(problem).toContain('“words.png” is not an image')
  expect(problem).toContain('“none.png” cannot be read')
})

test('no more than so many go with one message', async () => {
  const { pictures, problem } = await readPictures([file(png, 'a.png'), file(png, 'b.png')], mostPictures - 1)
  expect(pictures.map(({ name }) => name)).toEqual(['a.png'])
  expect(problem).toContain(String(mostPictures))
})

test('a model gets bytes as data, and nothing it does not take or that is not here', async () => {
  const part = {
    type: 'file',
    id: 'p',
    mediaType: 'image/png',
    filename: null,
    url: null,
    blob: { sha256: 'x', size: 6 },
  }
  const here = { get: async () => ({ bytes: png, mediaType: 'image/png' }) }
  const gone = { get: () => Promise.reject(new Error('not here')) }
  type Part = Parameters<ReturnType<typeof pictureData>>[0]
  expect(await pictureData(here, () => true)(part as unknown as Part)).toBe('data:image/png;base64,iVBORwEC')
  expect(await pictureData(here, () => false)(part as unknown as Part)).toBeNull()
  expect(await pictureData(gone, () => true)(part as unknown as Part)).toBeNull()
  const elsewhere = { ...part, blob: null, url: 'https://elsewhere.example/a.png' }
  expect(await pictureData(here, () => true)(elsewhere as unknown as Part)).toBeNull()
})
