/** The page's own addresses, all in the fragment, so that any static server and the service worker can serve them. */
export type Route =
  | { readonly page: 'new' }
  | { readonly page: 'conversation'; readonly id: string }
  | { readonly page: 'trash' }
  | { readonly page: 'archive' }

export function parseRoute(fragment: string): Route {
  const path = fragment.replace(/^#/, '')
  const id = /^\/c\/([\w.~-]{1,128})$/.exec(path)?.[1]
  if (id) return { page: 'conversation', id }
  if (path === '/trash') return { page: 'trash' }
  if (path === '/archive') return { page: 'archive' }
  return { page: 'new' }
}

export function routeAddress(route: Route): string {
  switch (route.page) {
    case 'conversation':
      return `#/c/${route.id}`
    case 'trash':
      return '#/trash'
    case 'archive':
      return '#/archive'
    case 'new':
      return '#/'
  }
}
