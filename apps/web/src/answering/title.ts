const most = 60

/** A title from the first thing a person wrote: its first sentence or line, without markdown marks, cut at a word. */
export function titleFrom(text: string): string {
  const line = text
    .replace(/```[\s\S]*?(```|$)/g, ' ')
    .split('\n')
    .map((one) =>
      one
        .replace(/^[#>\s*+-]+/, '')
        .replace(/[*_`]/g, '')
        .trim(),
    )
    .find((one) => one !== '')
  const words = (line ?? text.replace(/[`\s]+/g, ' ')).trim().replace(/\s+/g, ' ')
  const sentence = /^.{8,}?[.!?](?=\s)/u.exec(words)?.[0] ?? words
  const whole = sentence.replace(/[.:;,]+$/, '')
  const letters = [...whole]
  if (letters.length <= most) return whole
  const cut = letters.slice(0, most).join('')
  const space = cut.lastIndexOf(' ')
  return `${(space > most / 2 ? cut.slice(0, space) : cut).replace(/[\s.,:;-]+$/, '')}…`
}
