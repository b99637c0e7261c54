import { useStoreStatus } from '@holdfast/react'
import { Button, Dialog, persistedTexts } from '@holdfast/ui'
import { useId, useState } from 'react'
import { useServices, useSettings } from '../app/services.tsx'
import { useUsage } from '../app/use-usage.ts'
import { windowName } from '../app/window-name.ts'
import { listModels } from './list-models.ts'
import type { Settings } from './settings.ts'
import { defaultSettings, tidyEndpoint } from './settings.ts'

type Test =
  | { readonly state: 'idle' | 'asking' }
  | { readonly state: 'done'; readonly ok: boolean; readonly text: string }

const themes: readonly [Settings['theme'], string][] = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

function ModelFields({
  written,
  change,
}: {
  readonly written: Settings
  readonly change: (part: Partial<Settings>) => void
}) {
  const [test, setTest] = useState<Test>({ state: 'idle' })
  const [models, setModels] = useState<readonly string[]>([])
  const id = useId()
  const ask = async () => {
    const endpoint = tidyEndpoint(written.endpoint)
    change({ endpoint })
    setTest({ state: 'asking' })
    const found = await listModels(endpoint, written.apiKey, fetch.bind(globalThis))
    if (!found.ok) {
      setTest({ state: 'done', ok: false, text: found.message })
      return
    }
    setModels(found.models)
    const first = found.models[0]
    if (written.model === '' && first) change({ model: first })
    const count = found.models.length
    setTest({ state: 'done', ok: true, text: `It answers, and offers ${count} ${count === 1 ? 'model' : 'models'}.` })
  }
  return (
    <fieldset className="app-fieldset">
      <legend>Model</legend>
      <p className="hf-hint">
        Any OpenAI-compatible endpoint answers. Address and key stay on this device and go to nobody but that endpoint.
        Leave the address empty for the built-in demo.
      </p>
      <div className="hf-field">
        <label htmlFor={`${id}-endpoint`}>Address</label>
        <input
          id={`${id}-endpoint`}
          className="hf-input"
          type="url"
          inputMode="url"
          placeholder="http://localhost:11434/v1"
          autoComplete="off"
          spellCheck={false}
          value={written.endpoint}
          onChange={(event) => change({ endpoint: event.target.value })}
        />
        <span className="hf-hint">Ollama on this machine: http://localhost:11434/v1</span>
      </div>
      <div className="hf-field">
        <label htmlFor={`${id}-key`}>API key</label>
        <input
          id={`${id}-key`}
          className="hf-input"
          type="password"
          placeholder="Not needed for Ollama"
          autoComplete="off"
          value={written.apiKey}
          onChange={(event) => change({ apiKey: event.target.value })}
        />
      </div>
      <div className="hf-field">
        <label htmlFor={`${id}-model`}>Model name</label>
        <input
          id={`${id}-model`}
          className="hf-input"
          list={`${id}-models`}
          placeholder="llama3.2"
          autoComplete="off"
          spellCheck={false}
          value={written.model}
          onChange={(event) => change({ model: event.target.value })}
        />
        <datalist id={`${id}-models`}>
          {models.map((model) => (
            <option key={model} value={model} />
          ))}
        </datalist>
      </div>
      <label className="app-check">
        <input
          type="checkbox"
          checked={written.images}
          onChange={(event) => change({ images: event.target.checked })}
        />
        This model reads images
      </label>
      <div className="hf-banner-actions">
        <Button
          size="small"
          disabled={written.endpoint.trim() === '' || test.state === 'asking'}
          onClick={() => void ask()}
        >
          {test.state === 'asking' ? 'Asking…' : 'Test and list models'}
        </Button>
      </div>
      <output
        className="app-result"
        data-ok={test.state === 'done' ? test.ok : undefined}
        role="none"
        aria-live="polite"
      >
        {test.state === 'done' ? test.text : ''}
      </output>
    </fieldset>
  )
}

export interface SettingsDialogProps {
  readonly onClose: () => void
  readonly onToken: () => void
}

export function SettingsDialog({ onClose, onToken }: SettingsDialogProps) {
  const { settings, link } = useServices()
  const kept = useSettings()
  const { storage } = useStoreStatus()
  const usage = useUsage()
  const [written, setWritten] = useState<Settings>(kept)
  const [problem, setProblem] = useState('')
  const id = useId()
  const change = (part: Partial<Settings>) => setWritten((was) => ({ ...was, ...part }))
  const save = () => {
    const endpoint = tidyEndpoint(written.endpoint)
    if (endpoint !== '' && written.model.trim() === '') {
      setProblem('Name a model too, or leave the address empty for the demo.')
      return
    }
    const next = {
      ...written,
      endpoint,
      model: written.model.trim(),
      apiKey: written.apiKey.trim(),
      name: written.name.trim(),
    }
    if (settings.set(next)) onClose()
    else setProblem('This browser does not keep settings: they hold until the page is closed.')
  }
  return (
    <Dialog title="Settings" onClose={onClose}>
      <form
        className="app-fieldset"
        onSubmit={(event) => {
          event.preventDefault()
          save()
        }}
      >
        <ModelFields written={written} change={change} />
        <fieldset className="app-fieldset">
          <legend>You</legend>
          <div className="hf-field">
            <label htmlFor={`${id}-name`}>Name others see</label>
            <input
              id={`${id}-name`}
              className="hf-input"
              placeholder={windowName(navigator.userAgent)}
              maxLength={60}
              value={written.name}
              onChange={(event) => change({ name: event.target.value })}
            />
          </div>
          <div className="hf-field">
            <span className="hf-label">Appearance</span>
            <div className="app-segments" role="radiogroup" aria-label="Appearance">
              {themes.map(([value, label]) => (
                <label key={value}>
                  <input
                    type="radio"
                    name={`${id}-theme`}
                    checked={written.theme === value}
                    onChange={() => {
                      change({ theme: value })
                      settings.set({ theme: value })
                    }}
                  />
                  {label}
                </label>
              ))}
            </div>
          </div>
        </fieldset>
        <fieldset className="app-fieldset">
          <legend>This device</legend>
          <p className="hf-hint">
            {usage
              ? `Conversations and pictures take ${usage}.`
              : 'Conversations and pictures are kept in this browser.'}{' '}
            {persistedTexts[storage]}
          </p>
        </fieldset>
        <fieldset className="app-fieldset">
          <legend>Relay</legend>
          <p className="hf-hint">
            Space “{link.space}” at {link.url}.{' '}
            {link.hasToken()
              ? 'This page has a token for it.'
              : 'This page has no token for it, so nothing leaves this device.'}
          </p>
          <div className="hf-banner-actions">
            <Button size="small" onClick={onToken}>
              {link.hasToken() ? 'Use another token' : 'Connect'}
            </Button>
          </div>
        </fieldset>
        {problem && (
          <p className="app-result" data-ok="false" role="alert">
            {problem}
          </p>
        )}
        <footer>
          <Button
            kind="quiet"
            onClick={() => setWritten({ ...defaultSettings, theme: written.theme, name: written.name })}
          >
            Use the demo model
          </Button>
          <Button kind="primary" type="submit">
            Save
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
