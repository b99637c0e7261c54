import { ConversationError } from './errors.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { Artifact, Conversation, FilePart, Message, Part, SourcePart, ToolCallPart } from './types.ts'

/** A part in the shape of the AI SDK's `UIMessagePart`. */
export type UiPart = { readonly type: string } & Readonly<Record<string, unknown>>

/** A message in the shape of the AI SDK's `UIMessage` (version 5 and later): `messages as UIMessage[]`. */
export interface UiMessage {
  readonly id: string
  readonly role: 'system' | 'user' | 'assistant'
  readonly metadata: JsonObject
  readonly parts: UiPart[]
}

export interface ModelMessagesOptions {
  /** The last message to send, which must be shown (else NOT_FOUND); left out: all. */
  readonly upTo?: string
  /** An address at which the model, or the SDK, finds the bytes of a file. Default: the part's own. */
  readonly fileUrl?: (part: FilePart) => string | null
}

interface Conversion {
  readonly fileUrl: (part: FilePart) => string | null
  readonly artifacts: ReadonlyMap<string, Artifact>
  /** The message will not go on: a call of it that has no result will never have one. */
  readonly ended: boolean
}

/** What a model is sent: exactly what is shown (O6). A tombstone and a message without parts show nothing and are left out. */
export function modelMessages(conversation: Conversation, options: ModelMessagesOptions = {}): UiMessage[] {
  const fileUrl = options.fileUrl ?? ((part: FilePart) => part.url)
  const artifacts = new Map(conversation.artifacts.map((artifact) => [artifact.id, artifact]))
  const end = conversation.messages.findIndex((message) => message.id === options.upTo)
  if (options.upTo !== undefined && end < 0) {
    throw new ConversationError('NOT_FOUND', `no message ${JSON.stringify(options.upTo)} is shown`)
  }
  const messages: UiMessage[] = []
  for (const message of options.upTo === undefined ? conversation.messages : conversation.messages.slice(0, end + 1)) {
    if (message.deletedAt === null) {
      const parts = message.parts.flatMap((part) =>
        convertPart(part, { fileUrl, artifacts, ended: message.status !== 'streaming' }),
      )
      if (parts.length > 0)
        messages.push({ id: message.id, role: roleOf(message), metadata: metadataOf(message), parts })
    }
  }
  return messages
}

/** The AI SDK keeps a tool's result in the assistant's message; one that came by itself is said by the assistant. */
function roleOf(message: Message): UiMessage['role'] {
  return message.role === 'tool' ? 'assistant' : message.role
}

function metadataOf(message: Message): JsonObject {
  const { createdAt, model, finishReason } = message
  return { createdAt, ...(model === null ? {} : { model }), ...(finishReason === null ? {} : { finishReason }) }
}

function convertPart(part: Part, conversion: Conversion): UiPart[] {
  const metadata = part.providerMetadata === null ? {} : { providerMetadata: part.providerMetadata }
  switch (part.type) {
    case 'text':
    case 'reasoning':
      // Providers refuse empty text, but an empty reasoning part can carry a signature.
      if (part.text === '' && part.providerMetadata === null) return []
      return [{ type: part.type, text: part.text, state: conversion.ended ? 'done' : 'streaming', ...metadata }]
    case 'tool-call':
      return [convertToolCall(part, conversion.ended)]
    case 'file':
      return [convertFile(part, conversion.fileUrl(part), metadata)]
    case 'source':
      return [convertSource(part, metadata)]
    case 'artifact': {
      const artifact = conversion.artifacts.get(part.artifact)
      const shown = artifact === undefined ? {} : { title: artifact.title, kind: artifact.kind, text: artifact.text }
      return [{ type: 'data-artifact', id: part.id, data: { artifact: part.artifact, ...shown } }]
    }
    case 'step-start':
      return [{ type: 'step-start' }]
    case 'error':
      return [{ type: 'data-error', id: part.id, data: part.error }]
    case 'unknown':
      return [{ type: 'data-unknown', id: part.id, data: part.value }]
  }
  return [{ type: part.type, id: part.id, data: part.data }]
}

function convertFile(part: FilePart, url: string | null, metadata: object): UiPart {
  const filename = part.filename === null ? {} : { filename: part.filename }
  if (url !== null) return { type: 'file', mediaType: part.mediaType, url, ...filename, ...metadata }
  return { type: 'text', text: `[file: ${part.filename ?? part.mediaType}]`, state: 'done' }
}

function convertSource(part: SourcePart, metadata: object): UiPart {
  const { sourceId, url, title, mediaType, filename } = part
  if (part.sourceType === 'url') {
    return { type: 'source-url', sourceId, url: url ?? '', ...(title === null ? {} : { title }), ...metadata }
  }
  return {
    type: 'source-document',
    sourceId,
    mediaType: mediaType ?? 'application/octet-stream',
    title: title ?? filename ?? sourceId,
    ...(filename === null ? {} : { filename }),
    ...metadata,
  }
}

/** Providers refuse a call without a result, so that one that ended without is said to have been interrupted. */
function convertToolCall(part: ToolCallPart, ended: boolean): UiPart {
  const unfinished =
    part.state !== 'output-available' && part.state !== 'output-error' && part.state !== 'output-denied'
  const answered = part.state === 'approval-responded' || part.state === 'approval-requested'
  const state = ended && unfinished && !answered ? 'output-error' : part.state
  return {
    type: part.dynamic ? 'dynamic-tool' : `tool-${part.name}`,
    ...(part.dynamic ? { toolName: part.name } : {}),
    toolCallId: part.callId,
    ...(part.title === null ? {} : { title: part.title }),
    state,
    input: inputOf(part),
    ...(state === 'output-available' ? { output: part.output } : {}),
    ...(state === 'output-error' ? { errorText: part.errorText ?? 'interrupted' } : {}),
    ...(part.approval === null || part.approval.approved === null ? approvalRequest(part) : approvalAnswer(part)),
    ...(part.providerExecuted ? { providerExecuted: true } : {}),
    ...(part.providerMetadata === null ? {} : { callProviderMetadata: part.providerMetadata }),
    ...(part.resultProviderMetadata === null ? {} : { resultProviderMetadata: part.resultProviderMetadata }),
  }
}

/** A call that was broken off in its input is sent without: half of one would not parse. */
const inputOf = (part: ToolCallPart): JsonValue => part.input ?? {}

function approvalRequest(part: ToolCallPart): object {
  return part.approval === null ? {} : { approval: { id: part.approval.id } }
}

function approvalAnswer(part: ToolCallPart): object {
  const { id, approved, reason } = part.approval as NonNullable<ToolCallPart['approval']>
  return { approval: { id, approved, ...(reason === null ? {} : { reason }) } }
}
