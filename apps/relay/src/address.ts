const EVERY_INTERFACE = new Set(['0.0.0.0', '::', ''])

/** The address to open in a browser on this machine. */
export function addressOf(host: string, port: number): string {
  const name = EVERY_INTERFACE.has(host) ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** The name, besides the loopback ones, by which a server that listens on `host` is rightly asked for. */
export function hostNames(host: string): string[] {
  return EVERY_INTERFACE.has(host) ? [] : [host]
}
