/**
 * Keeps the page itself on this device, once it has been shown. Without it (private windows, blocked storage, plain
 * http on another host) everything works except opening the page with the relay down, so a refusal is not an error.
 */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const register = () => {
    navigator.serviceWorker.register('./sw.js', { updateViaCache: 'none' }).catch(() => undefined)
  }
  if (document.readyState === 'complete') register()
  else addEventListener('load', register, { once: true })
}
