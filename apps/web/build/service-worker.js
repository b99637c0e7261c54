/*
 * Lets the page open with the relay down. Conversations are not here: they are in IndexedDB.
 * The page itself is asked of the network first, so that a new version is seen at once, and taken from the cache when
 * the network does not answer in time. Files named by their hash never change, so they are taken from the cache.
 */
const version = '__VERSION__'
const files = [] /* __FILES__ */
const prefix = 'holdfast-page-'
const cacheName = prefix + version
const patience = 2_500

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(cacheName)
      .then((cache) => cache.addAll(['./', ...files].map((file) => new Request(file, { cache: 'no-cache' }))))
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => {
        // The one before stays: windows that are still open may yet ask for its lazily loaded files.
        const old = names.filter((name) => name.startsWith(prefix) && name !== cacheName)
        return Promise.all(old.slice(0, -1).map((name) => caches.delete(name)))
      })
      .then(() => self.clients.claim()),
  )
})

async function page(request) {
  const cache = await caches.open(cacheName)
  const kept = await cache.match('./')
  if (!kept) return fetch(request)
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), patience)
  try {
    const fresh = await fetch(request.url, { signal: controller.signal, cache: 'no-cache' })
    // A newer page is not kept here: its files come with the worker that belongs to it.
    return fresh.ok ? fresh : kept
  } catch {
    return kept
  } finally {
    clearTimeout(timer)
  }
}

async function asset(request) {
  const kept = await caches.match(request, { ignoreSearch: true })
  return kept ?? fetch(request)
}

self.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method !== 'GET') return
  const url = new URL(request.url)
  if (url.origin !== self.location.origin) return
  const here = new URL('./', self.location.href).pathname
  if (request.mode === 'navigate') {
    if (url.pathname === here || url.pathname === `${here}index.html`) event.respondWith(page(request))
    return
  }
  if (url.pathname.startsWith(here) && files.includes(url.pathname.slice(here.length)))
    event.respondWith(asset(request))
})
