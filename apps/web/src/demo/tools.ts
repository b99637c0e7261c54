import type { ToolSet } from 'ai'
import { jsonSchema, tool } from 'ai'

const skies = ['clear', 'partly cloudy', 'overcast', 'drizzling', 'windy and bright', 'foggy by the water']

/** A number that is the same for the same name on every device. */
function numberFrom(name: string): number {
  let sum = 7
  for (const char of name.toLowerCase()) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973
  return sum
}

export interface DemoToolOptions {
  readonly now: () => Date
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

/** The tools that the demo model may call; both answer from the device. */
export function demoTools({ now, wait }: DemoToolOptions): ToolSet {
  return {
    current_time: tool({
      description: "Reads this device's clock.",
      inputSchema: jsonSchema<Record<string, never>>({ type: 'object', properties: {} }),
      execute: async (_input, { abortSignal }) => {
        await wait(500, abortSignal)
        const at = now()
        return {
          time: at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }),
          date: at.toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
          timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        }
      },
    }),
    weather: tool({
      description: 'Invents plausible weather for a city; the same city always has the same.',
      inputSchema: jsonSchema<{ city: string }>({
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
      }),
      execute: async ({ city }, { abortSignal }) => {
        await wait(700, abortSignal)
        const seed = numberFrom(city)
        return {
          city,
          temperature: 4 + (seed % 24),
          sky: skies[seed % skies.length] ?? 'clear',
          wind: 5 + (seed % 31),
          source: 'invented by the demo',
        }
      },
    }),
  }
}
