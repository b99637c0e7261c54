import '../styles/index.css'
import { useState } from 'react'
import { expect, test } from 'vitest'
import { userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-react'
import { Composer } from '../src/index.ts'

interface Scene {
  readonly busy: boolean
  readonly sent: string[]
  readonly stopped?: () => void
}

/** As an application holds it: the text is a draft, and goes when it is sent. */
function Writing({ busy, sent, stopped }: Scene) {
  const [text, setText] = useState('')
  return (
    <Composer
      text={text}
      onChange={setText}
      busy={busy}
      onStop={busy ? (stopped ?? (() => undefined)) : undefined}
      onSend={(all) => {
        sent.push(all)
        setText('')
      }}
    />
  )
}

const NOTE = 'Not sent yet: the answer is still being written.'

test('Enter while an answer is written keeps the text, says why it was not sent and how to stop, and sends when it ends', async () => {
  const sent: string[] = []
  const screen = await render(<Writing busy sent={sent} />)
  const area = screen.getByRole('textbox', { name: 'Message' })
  const live = () => screen.container.querySelector('[aria-live="polite"]')
  // A reader of the screen is told of what comes into a region that was there before.
  const region = live()
  expect(region?.textContent).toBe('')
  await area.fill('And then?')
  expect(region?.textContent).toBe('')
  await userEvent.keyboard('{Enter}')
  await expect.element(screen.getByText(NOTE, { exact: false })).toBeVisible()
  expect(live()).toBe(region)
  expect(region?.textContent).toBe(`${NOTE} Wait or stop it (Esc), then send.`)
  await expect.element(area).toHaveValue('And then?')
  await expect.element(area).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  expect(sent).toEqual([])

  await screen.rerender(<Writing busy={false} sent={sent} />)
  expect(screen.getByText(NOTE, { exact: false }).query()).toBeNull()
  expect(region?.textContent).toBe('The answer has ended. Your message can be sent now.')
  await expect.element(area).toHaveValue('And then?')
  await userEvent.keyboard('{Enter}')
  expect(sent).toEqual(['And then?'])
  await expect.element(area).toHaveValue('')
  expect(region?.textContent).toBe('')
})

test('what was said of one answer is not said of the next, nor when there is nothing to send', async () => {
  const sent: string[] = []
  const screen = await render(<Writing busy sent={sent} />)
  const area = screen.getByRole('textbox', { name: 'Message' })
  const region = screen.container.querySelector('[aria-live="polite"]')
  await area.click()
  await userEvent.keyboard('{Enter}')
  expect(region?.textContent).toBe('')
  await area.fill('Wait')
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => region?.textContent).toContain(NOTE)
  await area.fill('')
  await expect.poll(() => region?.textContent).toBe('')
  await area.fill('Wait')
  expect(region?.textContent).toBe('')
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => region?.textContent).toContain(NOTE)
  await screen.rerender(<Writing busy={false} sent={sent} />)
  await screen.rerender(<Writing busy sent={sent} />)
  expect(region?.textContent).toBe('')
})

test('the keyboard reaches what stops the answer, and is back in the text when it was pressed', async () => {
  const stops: string[] = []
  const scene = { sent: [], stopped: () => void stops.push('stop') }
  const screen = await render(<Writing busy {...scene} />)
  const area = screen.getByRole('textbox', { name: 'Message' })
  await area.fill('Now')
  await userEvent.keyboard('{Enter}')
  await userEvent.keyboard('{Tab}')
  await expect.element(screen.getByRole('button', { name: 'Stop' })).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  expect(stops).toEqual(['stop'])
  await expect.element(area).toHaveFocus()
})

test('sent by the button with the keyboard, the next thing to do is to write', async () => {
  const sent: string[] = []
  const screen = await render(<Writing busy={false} sent={sent} />)
  const area = screen.getByRole('textbox', { name: 'Message' })
  await area.fill('Hello')
  await userEvent.keyboard('{Tab}')
  await expect.element(screen.getByRole('button', { name: 'Send' })).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  expect(sent).toEqual(['Hello'])
  await expect.element(area).toHaveFocus()
})
