import { Sparkles } from 'lucide-react'
import { usesDemo } from '../settings/settings.ts'
import { useSettings } from './services.tsx'

/** Says what answers; pressing it opens the settings. */
export function ModelButton({ onClick }: { readonly onClick: () => void }) {
  const settings = useSettings()
  const name = usesDemo(settings) ? 'Demo model' : settings.model
  return (
    <button type="button" className="app-model" onClick={onClick} aria-label={`Model: ${name}. Change`}>
      <Sparkles size={14} aria-hidden />
      <span className="hf-truncate">{name}</span>
    </button>
  )
}
