import { expect, test } from 'vitest'
import { DAMAGES, storesMakeWhole } from '../src/rot/stores.ts'

const SEED = 4

for (const damage of DAMAGES) {
  test(`W11 U12 U20 ${damage}: the stores that were connected make it whole, and a new device reads all`, {
    timeout: 180_000,
  }, async () => {
    expect(await storesMakeWhole(damage, SEED), `seed ${SEED}`).toEqual([])
  })
}
