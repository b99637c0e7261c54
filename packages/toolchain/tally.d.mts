export function closingLine(count: { passed: number; failed: number; skipped: number }): string
