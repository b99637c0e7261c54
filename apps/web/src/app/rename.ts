/** A wish to rename a conversation, made where its title is not: it waits until the header of that conversation is there. */
const wished = 'holdfast:rename'
let pending: string | null = null

export function wishRename(id: string): void {
  pending = id
  dispatchEvent(new Event(wished))
}

/** Calls `begin` for a wish for this conversation, be it made before or after; returns what stops listening. */
export function onRenameWish(id: string, begin: () => void): () => void {
  const look = () => {
    if (pending !== id) return
    pending = null
    begin()
  }
  addEventListener(wished, look)
  look()
  return () => removeEventListener(wished, look)
}
