import { describe, expect, test } from 'vitest'
import { listModels } from '../src/settings/list-models.ts'
import { defaultSettings, parseSettings, tidyEndpoint, usesDemo } from '../src/settings/settings.ts'

describe('parseSettings', () => {
  test.each([null, 'null', '[]', '{', '"x"', '{"endpoint":5,"theme":"pink"}'])('%s gives the defaults', (json) => {
    expect(parseSettings(json)).toEqual(defaultSettings)
  })
  test('keeps what is good and drops what is not', () => {
    expect(parseSettings('{"model":"m","theme":"dark","apiKey":null}')).toEqual({
      ...defaultSettings,
      model: 'm',
      theme: 'dark',
    })
  })
})

describe('tidyEndpoint', () => {
  test.each([
    ['', ''],
    ['http://localhost:11434', 'http://localhost:11434/v1'],
    ['localhost:11434/v1/', 'http://localhost:11434/v1'],
    ['https://api.example.com/v1/chat/completions', 'https://api.example.com/v1'],
    ['https://example.com/openai/v2', 'https://example.com/openai/v2'],
  ])('%j becomes %j', (written, tidy) => expect(tidyEndpoint(written)).toBe(tidy))
})

test('the demo answers until both address and model are named', () => {
  expect(usesDemo(defaultSettings)).toBe(true)
  expect(usesDemo({ ...defaultSettings, endpoint: 'http://x/v1' })).toBe(true)
  expect(usesDemo({ ...defaultSettings, endpoint: 'http://x/v1', model: 'm' })).toBe(false)
})

describe('listModels', () => {
  const answering = (response: Response) => () => Promise.resolve(response)
  test('sorts what the endpoint offers', async () => {
    const json = Response.json({ data: [{ id: 'b' }, { id: 'a' }, { id: 3 }, null] })
    expect(await listModels('http://x/v1', 'k', answering(json))).toEqual({ ok: true, models: ['a', 'b'] })
  })
  test('says what to do about a bad key and an endpoint that is not there', async () => {
    const refused = await listModels('http://x/v1', 'k', answering(new Response('', { status: 401 })))
    expect(refused).toMatchObject({ ok: false, message: expect.stringContaining('API key') })
    const unreachable = await listModels('http://x/v1', '', () => Promise.reject(new TypeError('Failed to fetch')))
    expect(unreachable).toMatchObject({ ok: false, message: expect.stringContaining('http://x/v1 cannot be reached') })
  })
})
