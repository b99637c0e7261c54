/**
 * What edits take. Ids and times are the caller's (this package reads no clock and draws no random number); a part's id
 * may be left out and is then made of the document's client id and clock, which nothing else has.
 */
import type { JsonObject, JsonValue } from './json.ts'
import type {
  ActivityState,
  Author,
  BlobRef,
  Failure,
  ImportSource,
  MessageStatus,
  Project,
  Role,
  SubagentState,
  TodoState,
  ToolState,
  Usage,
} from './types.ts'

/** A subagent of a tool call of a message, at any depth. */
export interface SubagentRef {
  readonly message: MessageRef
  readonly callId: string
  readonly subagent: string
}
/** A message: by its id, or inside a subagent. */
export type MessageRef = string | { readonly in: SubagentRef; readonly id: string }

export interface NewConversation {
  readonly id: string
  readonly createdAt: number
  readonly title?: string
  /** Default: 'user'. */
  readonly titleBy?: 'user' | 'automatic'
  readonly project?: Partial<Project>
  readonly sessionKey?: string
  readonly pinned?: boolean
  readonly starred?: boolean
  readonly archived?: boolean
  readonly tags?: readonly string[]
  readonly deletedAt?: number
  readonly model?: string
  readonly mode?: string
  readonly agent?: string
  readonly forkedFrom?: { readonly conversation: string; readonly message?: string | null }
  readonly source?: Partial<ImportSource> & { readonly kind: string }
  readonly custom?: JsonObject
  /** Fields this version does not know, written as they are. */
  readonly extra?: JsonObject
}

interface PartInputBase {
  readonly id?: string
  readonly providerMetadata?: JsonObject
  readonly extra?: JsonObject
}
export interface NewSubagent {
  readonly id: string
  readonly name: string
  readonly index?: number
  readonly prompt?: string
  readonly state?: SubagentState
  readonly result?: JsonValue
  readonly error?: Failure
  readonly model?: string
  readonly usage?: Partial<Usage>
  readonly startedAt?: number
  readonly endedAt?: number
  readonly messages?: readonly NewMessage[]
  readonly extra?: JsonObject
}
export interface NewApproval {
  readonly id: string
  readonly approved?: boolean
  readonly reason?: string
  readonly requestedAt?: number
  readonly respondedAt?: number
}
export interface NewToolCall extends PartInputBase {
  readonly callId: string
  readonly name: string
  readonly title?: string
  /** Default: 'input-available' when there is an input, else 'input-streaming'. */
  readonly state?: ToolState
  readonly input?: JsonValue
  readonly inputText?: string
  readonly output?: JsonValue
  readonly outputText?: string
  readonly errorText?: string
  readonly approval?: NewApproval
  readonly providerExecuted?: boolean
  readonly dynamic?: boolean
  readonly startedAt?: number
  readonly endedAt?: number
  readonly children?: readonly NewSubagent[]
  readonly resultProviderMetadata?: JsonObject
}
export type PartInput =
  | (PartInputBase & { readonly type: 'text'; readonly text: string })
  | (PartInputBase & {
      readonly type: 'reasoning'
      readonly text: string
      readonly startedAt?: number
      readonly endedAt?: number
    })
  | (NewToolCall & { readonly type: 'tool-call' })
  | (PartInputBase & {
      readonly type: 'file'
      readonly mediaType: string
      readonly filename?: string
      readonly blob?: { readonly sha256: string; readonly size?: number | null }
      readonly url?: string
    })
  | (PartInputBase & {
      readonly type: 'source'
      readonly sourceId: string
      readonly sourceType?: 'url' | 'document'
      readonly url?: string
      readonly title?: string
      readonly mediaType?: string
      readonly filename?: string
    })
  | (PartInputBase & { readonly type: 'artifact'; readonly artifact: string })
  | (PartInputBase & { readonly type: `data-${string}`; readonly data: JsonValue })
  | (PartInputBase & { readonly type: 'step-start' })
  | (PartInputBase & { readonly type: 'error'; readonly error: Failure })
  /** A part of a kind this version does not know: `value` is written verbatim, its own `type` included. */
  | { readonly type: 'unknown'; readonly id?: string; readonly value: JsonObject }

export interface NewMessage {
  readonly id: string
  readonly role: Role
  readonly createdAt: number
  /** Left out: O1, the last message shown (which costs a pass over the messages; hand in `lastShownId`). null: the root. */
  readonly parent?: string | null
  /** The message that this is an alternative to. Its parent is then the default for `parent`. */
  readonly replaces?: string
  /** The question that this answers: its parent, in a group of alternatives that a second answer elsewhere joins. */
  readonly answers?: string
  readonly author?: Partial<Author>
  readonly completedAt?: number
  /** Default: 'complete'. */
  readonly status?: MessageStatus
  readonly finishReason?: string
  readonly error?: Failure
  readonly model?: string
  readonly provider?: string
  readonly agent?: string
  readonly usage?: Partial<Usage>
  readonly parts?: readonly PartInput[]
  readonly reactions?: readonly { readonly author: string; readonly reaction: string; readonly at: number }[]
  readonly feedback?: readonly {
    readonly author: string
    readonly rating: 'up' | 'down'
    readonly comment?: string
    readonly at: number
  }[]
  readonly editedAt?: number
  readonly deletedAt?: number
  readonly checkpoint?: string
  readonly custom?: JsonObject
  readonly extra?: JsonObject
}

export interface FinishMessage {
  /** Default: 'complete'. */
  readonly status?: Exclude<MessageStatus, 'streaming'>
  readonly completedAt: number
  readonly finishReason?: string
  readonly usage?: Partial<Usage>
  readonly error?: Failure
}

/** What an update of a tool call may set; null empties a field. */
export interface ToolCallPatch {
  readonly name?: string
  readonly title?: string | null
  readonly state?: ToolState
  readonly input?: JsonValue
  readonly output?: JsonValue
  readonly errorText?: string | null
  readonly approval?: NewApproval | null
  readonly providerExecuted?: boolean
  readonly startedAt?: number | null
  readonly endedAt?: number | null
  readonly providerMetadata?: JsonObject | null
  readonly resultProviderMetadata?: JsonObject | null
}
export interface SubagentPatch {
  readonly name?: string
  readonly state?: SubagentState
  readonly result?: JsonValue
  readonly error?: Failure | null
  readonly usage?: Partial<Usage> | null
  readonly startedAt?: number | null
  readonly endedAt?: number | null
}

export interface NewTodo {
  readonly id: string
  readonly text: string
  readonly createdAt: number
  readonly state?: TodoState
  /** Placed after this one; null: first; left out: last. */
  readonly after?: string | null
  readonly message?: string
  readonly extra?: JsonObject
}
export interface TodoPatch {
  readonly text?: string
  readonly state?: TodoState
}
export interface NewArtifact {
  readonly id: string
  readonly title: string
  readonly createdAt: number
  /** Default: 'text'. */
  readonly kind?: string
  readonly language?: string
  readonly mediaType?: string
  readonly text?: string
  readonly blob?: Pick<BlobRef, 'sha256'> & { readonly size?: number | null }
  readonly replaces?: string
  readonly message?: string
  readonly extra?: JsonObject
}
export interface ArtifactPatch {
  readonly title?: string
  readonly kind?: string
  readonly language?: string | null
  readonly mediaType?: string | null
  readonly blob?: (Pick<BlobRef, 'sha256'> & { readonly size?: number | null }) | null
  /** The whole text; what is the same at both ends is left untouched, so that edits elsewhere merge. */
  readonly text?: string
}
export interface NewActivity {
  readonly id: string
  readonly startedAt: number
  /** Default: 'command'. */
  readonly kind?: string
  readonly title?: string
  readonly command?: string
  readonly cwd?: string
  readonly output?: string
  readonly state?: ActivityState
  readonly exitCode?: number
  readonly signal?: string
  readonly endedAt?: number
  readonly message?: string
  readonly callId?: string
  readonly extra?: JsonObject
}
export interface ActivityPatch {
  readonly title?: string
  readonly state?: ActivityState
  readonly exitCode?: number | null
  readonly signal?: string | null
  readonly endedAt?: number | null
}
export interface NewCheckpoint {
  readonly id: string
  readonly label: string
  readonly createdAt: number
  /** Default: 'git'. */
  readonly kind?: string
  readonly ref?: string
  readonly message?: string
  readonly data?: JsonValue
  readonly extra?: JsonObject
}
