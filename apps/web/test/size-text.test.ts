import { expect, test } from 'vitest'
import { sizeText } from '../src/app/size-text.ts'

test('bytes are said as a person reads them', () => {
  const said = [0, 1, 999, 1000, 820_400, 1_440_000, 120_000_000, 1_400_000_000, 3_000_000_000_000].map(sizeText)
  expect(said).toEqual(['0 bytes', '1 byte', '999 bytes', '1 KB', '820 KB', '1.4 MB', '120 MB', '1.4 GB', '3,000 GB'])
})
