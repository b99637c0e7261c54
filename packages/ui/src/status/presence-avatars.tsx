import type { Peer } from '@holdfast/store'

const shownMost = 4

function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean)
  const letters = words.length > 1 ? `${words[0]?.[0] ?? ''}${words.at(-1)?.[0] ?? ''}` : name.trim().slice(0, 2)
  return letters.toUpperCase() || '?'
}

const isTyping = (peer: Peer): boolean => peer.state.typing === true

/** Only what is surely a colour reaches a style: peers say what they like of themselves. */
const safeColor = (color: string): string | undefined =>
  /^(#[0-9a-f]{3,8}|hsl\([\d\s.,%deg]+\))$/i.test(color) ? color : undefined

/** Who else has this conversation open. */
export function PresenceAvatars({ peers }: { readonly peers: readonly Peer[] }) {
  const others = peers.filter((peer) => !peer.self)
  if (others.length === 0) return null
  const names = others.map((peer) => `${peer.name}${isTyping(peer) ? ', typing' : ''}`).join('; ')
  return (
    <div className="hf-peers" role="img" aria-label={`Also here: ${names}`} title={`Also here: ${names}`}>
      {others.slice(0, shownMost).map((peer) => (
        <span
          key={peer.clientId}
          className="hf-peer"
          data-typing={isTyping(peer)}
          style={{ background: safeColor(peer.color) }}
        >
          {initials(peer.name)}
        </span>
      ))}
      {others.length > shownMost && <span className="hf-peer">+{others.length - shownMost}</span>}
    </div>
  )
}

/** A line that says who is typing; it keeps its height when nobody is. */
export function TypingNote({ peers }: { readonly peers: readonly Peer[] }) {
  const typing = peers.filter((peer) => !peer.self && isTyping(peer)).map((peer) => peer.name)
  const text =
    typing.length === 0
      ? ''
      : typing.length === 1
        ? `${typing[0]} is typing`
        : `${typing.slice(0, 3).join(', ')} are typing`
  return (
    <p className="hf-peer-note" aria-live="polite">
      {text}
    </p>
  )
}
