import { explainError } from '../answering/explain-error.ts'

export type ModelList =
  | { readonly ok: true; readonly models: readonly string[] }
  | { readonly ok: false; readonly message: string }

/** Asks an OpenAI-compatible endpoint which models it has: the cheapest question that shows whether it answers us. */
export async function listModels(
  endpoint: string,
  apiKey: string,
  fetcher: typeof fetch,
  signal?: AbortSignal,
): Promise<ModelList> {
  try {
    const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {}
    const response = await fetcher(`${endpoint}/models`, { headers, ...(signal ? { signal } : {}) })
    if (!response.ok) {
      return {
        ok: false,
        message: explainError({ statusCode: response.status, message: response.statusText }, endpoint).message,
      }
    }
    const body = (await response.json()) as { data?: { id?: unknown }[] }
    const ids = (Array.isArray(body.data) ? body.data : []).map((model) => model?.id)
    const models = ids.filter((id): id is string => typeof id === 'string').sort()
    return { ok: true, models }
  } catch (error) {
    return { ok: false, message: explainError(error, endpoint).message }
  }
}
