import type { SettingsStore } from './settings.ts'

/** Keeps the page's theme as the settings say; without a choice the system's holds. */
export function followTheme(settings: SettingsStore): void {
  const show = () => {
    const { theme } = settings.get()
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }
  show()
  settings.subscribe(show)
}
