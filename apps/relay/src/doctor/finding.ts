/** One thing that was looked at. */
export interface Finding {
  readonly what: string
  readonly state: 'ok' | 'warn' | 'fail'
  /** What was found. */
  readonly found: string
  /** What to do about it; empty when nothing. */
  readonly advice: string
}

export function ok(what: string, found: string): Finding {
  return { what, state: 'ok', found, advice: '' }
}

export function warn(what: string, found: string, advice: string): Finding {
  return { what, state: 'warn', found, advice }
}

export function fail(what: string, found: string, advice: string): Finding {
  return { what, state: 'fail', found, advice }
}
