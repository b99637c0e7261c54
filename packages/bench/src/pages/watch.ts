/*
 * Runs in a page before the page itself does, and notes when something is on its screen: it is in the document, it is
 * in sight, and the frame that shows it has been drawn by this thread.
 */

export interface Sight {
  readonly name: string
  readonly selector: string
  /** It must have this in its text. */
  readonly text?: string
}

interface Watched {
  readonly sight: Sight
  readonly found: (at: number) => void
}

const seen = new Map<string, Promise<number>>()
let waiting: Watched[] = []

function lookup({ selector, text }: Sight): Element | undefined {
  if (text === undefined) return document.querySelector(selector) ?? undefined
  return [...document.querySelectorAll(selector)].findLast((element) => element.textContent?.includes(text))
}

/** All of it is inside the window, and what is drawn at its middle is its own. */
function isInSight(element: Element): boolean {
  const { top, bottom, left, right } = element.getBoundingClientRect()
  if (top < 0 || left < 0 || bottom > innerHeight || right > innerWidth || bottom <= top) return false
  return element.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2))
}

function look(): void {
  const now = waiting.filter(({ sight }) => lookup(sight))
  if (now.length === 0) return
  waiting = waiting.filter((watched) => !now.includes(watched))
  for (const watched of now) confirm(watched)
}

function confirm(watched: Watched): void {
  requestAnimationFrame(() => {
    const element = lookup(watched.sight)
    if (element && isInSight(element)) afterThisFrame(() => watched.found(performance.now()))
    else confirm(watched)
  })
}

/** From inside an animation frame: calls back once that frame has been drawn. */
export function afterThisFrame(run: () => void): void {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    run()
  }
  port2.postMessage(null)
}

const observer = new MutationObserver(look)

export function watchFor(...sights: readonly Sight[]): void {
  observer.observe(document, { subtree: true, childList: true, characterData: true })
  for (const sight of sights) {
    const { promise, resolve } = Promise.withResolvers<number>()
    seen.set(sight.name, promise)
    waiting.push({ sight, found: resolve })
  }
  look()
}

/** Nothing that is measured here takes as long, so what has not come by then does not come. In ms. */
const GIVE_UP = 60_000

/** When it was on the screen, in ms since the page's time origin. Resolves when it is; rejects with what is there instead. */
export function whenSeen(name: string): Promise<number> {
  const found = seen.get(name)
  if (!found) throw new Error(`nothing called ${name} is watched for`)
  const never = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`${name} never came; the page shows: ${document.body.textContent}`)), GIVE_UP)
  })
  return Promise.race([found, never])
}

/** When the page's own program began: its own mark, and the moment its first script had arrived. In ms, as above. */
export function scriptStart(): { mark: number; arrived: number } {
  const [mark] = performance.getEntriesByName('holdfast:start')
  const entry = document.querySelector<HTMLScriptElement>('script[type="module"][src]')
  const script = performance.getEntriesByType('resource').find(({ name }) => name === entry?.src)
  if (!mark || !script) throw new Error('the page does not say when its script began')
  return { mark: mark.startTime, arrived: (script as PerformanceResourceTiming).responseEnd }
}
