const PREAMBLE = `# Benchmarks

What \`npm run bench\` printed, and when. Each benchmark replaces its own section when it is run (\`npm run bench -- NAME\`;
\`npm run bench -- --list\` names them), so the sections may have different dates. A figure is the median of its runs, the warm-up
thrown away; a named reference is measured in the same run, by turns with ours. Targets come from the issue that asked for the
figure. How each is taken, from which moment to which, is decided in [decisions/0070](decisions/0070-what-the-figures-mean.md).`

/** One section per benchmark: \`## name\`, then everything up to the next heading of that level. */
function sections(page: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const piece of page.split(/^(?=## )/m)) {
    const name = /^## (\S+)/.exec(piece)?.[1]
    if (name !== undefined) found.set(name, piece.trimEnd())
  }
  return found
}

/**
 * The page with one section replaced or added. Sections come in the order of `order`; one whose benchmark is no more
 * is dropped, because nothing could measure it again.
 */
export function replaceSection(page: string, name: string, section: string, order: readonly string[]): string {
  if (!section.startsWith(`## ${name}\n`)) throw new Error(`the section of ${name} must begin with its heading`)
  const all = sections(page).set(name, section.trimEnd())
  const kept = order.flatMap((one) => all.get(one) ?? [])
  return `${[PREAMBLE, ...kept].join('\n\n')}\n`
}
