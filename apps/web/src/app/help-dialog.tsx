import { Dialog } from '@holdfast/ui'
import { localShortcuts, shortcuts, showKey } from './shortcuts.ts'

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className="app-keys">
        {[...shortcuts, ...localShortcuts].map(({ text, keys }) => (
          <div key={text}>
            <dt>{text}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key} className="hf-kbd">
                  {showKey(key)}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
