/**
 * What reading gives: plain objects, never to be mutated. An absent field is `null`, so that every object of a kind has
 * the same shape. What a field holds that its type does not allow, and every field this version does not know, is in
 * `extra`. Times are milliseconds since the epoch. Reading again after a change keeps the identity (===) of every
 * object and list that did not change.
 */
import type { JsonObject, JsonValue } from './json.ts'

export type Role = 'system' | 'user' | 'assistant' | 'tool'
export type MessageStatus = 'streaming' | 'complete' | 'interrupted' | 'cancelled' | 'error'
/** The AI SDK's own seven names. */
export type ToolState =
  | 'input-streaming'
  | 'input-available'
  | 'approval-requested'
  | 'approval-responded'
  | 'output-available'
  | 'output-error'
  | 'output-denied'
export type SubagentState = 'running' | 'complete' | 'error' | 'cancelled' | 'interrupted'
export type ActivityState = 'running' | 'complete' | 'error' | 'cancelled' | 'interrupted'
export type TodoState = 'pending' | 'in-progress' | 'done' | 'cancelled'

/** What went wrong, as data: a stable code for programs and a sentence for people. */
export interface Failure {
  readonly code: string
  readonly message: string
}

/** Tokens, and cost in US dollars. */
export interface Usage {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly reasoning: number
  readonly cost: number
}

/** Bytes kept outside the document, by the SHA-256 (64 lowercase hex digits) of their content. */
export interface BlobRef {
  readonly sha256: string
  /** Bytes. */
  readonly size: number | null
}

export interface Project {
  readonly id: string | null
  readonly name: string | null
  readonly path: string | null
  readonly remote: string | null
  readonly branch: string | null
}

export interface Author {
  readonly id: string | null
  readonly name: string | null
}

/** Where an imported conversation came from: the kind of source, its id there, and the hash of the bytes read. */
export interface ImportSource {
  readonly kind: string
  readonly id: string | null
  readonly hash: string | null
}

export interface Meta {
  readonly schema: number
  readonly id: string
  /** What the user set, else what was set automatically, else ''. */
  readonly title: string
  readonly titleBy: 'user' | 'automatic' | null
  readonly createdAt: number
  readonly project: Project | null
  readonly sessionKey: string | null
  readonly pinned: boolean
  readonly starred: boolean
  readonly archived: boolean
  /** Sorted. */
  readonly tags: readonly string[]
  /** In the trash since; null when it is not. */
  readonly deletedAt: number | null
  readonly model: string | null
  readonly mode: string | null
  /** The id of the active agent. */
  readonly agent: string | null
  readonly error: Failure | null
  readonly forkedFrom: { readonly conversation: string; readonly message: string | null } | null
  readonly source: ImportSource | null
  /** Every version of the source that was imported, sorted by hash. */
  readonly imports: readonly { readonly hash: string; readonly importer: string }[]
  readonly custom: JsonObject
  readonly extra: JsonObject
}

interface PartBase {
  readonly id: string
  /** Kept for the provider, e.g. the signature of a reasoning block. */
  readonly providerMetadata: JsonObject | null
  readonly extra: JsonObject
}
export interface TextPart extends PartBase {
  readonly type: 'text'
  readonly text: string
}
export interface ReasoningPart extends PartBase {
  readonly type: 'reasoning'
  readonly text: string
  readonly startedAt: number | null
  readonly endedAt: number | null
}
export interface Approval {
  readonly id: string
  /** null until answered. */
  readonly approved: boolean | null
  readonly reason: string | null
  readonly requestedAt: number | null
  readonly respondedAt: number | null
}
export interface ToolCallPart extends PartBase {
  readonly type: 'tool-call'
  readonly callId: string
  readonly name: string
  readonly title: string | null
  readonly state: ToolState
  /** null while it streams; then what was set, else what `inputText` parses to. */
  readonly input: JsonValue
  /** The raw input as it streamed; null when it did not stream. */
  readonly inputText: string | null
  /** What was set, else the text that streamed. */
  readonly output: JsonValue
  /** Output as it streams (a terminal's, say); null when it did not stream. */
  readonly outputText: string | null
  readonly errorText: string | null
  readonly approval: Approval | null
  readonly providerExecuted: boolean
  readonly dynamic: boolean
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Ordered by (index, id). */
  readonly children: readonly Subagent[]
  readonly resultProviderMetadata: JsonObject | null
}
export interface FilePart extends PartBase {
  readonly type: 'file'
  readonly mediaType: string
  readonly filename: string | null
  readonly blob: BlobRef | null
  readonly url: string | null
}
export interface SourcePart extends PartBase {
  readonly type: 'source'
  readonly sourceType: 'url' | 'document'
  readonly sourceId: string
  readonly url: string | null
  readonly title: string | null
  readonly mediaType: string | null
  readonly filename: string | null
}
export interface ArtifactPart extends PartBase {
  readonly type: 'artifact'
  /** The id of an artifact of this conversation. */
  readonly artifact: string
}
export interface DataPart extends PartBase {
  readonly type: `data-${string}`
  readonly data: JsonValue
}
export interface StepStartPart extends PartBase {
  readonly type: 'step-start'
}
export interface ErrorPart extends PartBase {
  readonly type: 'error'
  readonly error: Failure
}
/** A part this version does not know, with everything it holds. */
export interface UnknownPart extends PartBase {
  readonly type: 'unknown'
  readonly originalType: string | null
  readonly value: JsonValue
}
export type Part =
  | TextPart
  | ReasoningPart
  | ToolCallPart
  | FilePart
  | SourcePart
  | ArtifactPart
  | DataPart
  | StepStartPart
  | ErrorPart
  | UnknownPart

export interface Subagent {
  readonly id: string
  readonly index: number
  readonly name: string
  readonly prompt: string
  readonly state: SubagentState
  readonly result: JsonValue
  readonly error: Failure | null
  readonly model: string | null
  readonly usage: Usage | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Shown, in order (the same rules as the conversation's own). */
  readonly messages: readonly Message[]
  readonly hidden: readonly Message[]
  /** True when it lies deeper than reading goes (MAX_SUBAGENT_DEPTH), so that its messages are not here. */
  readonly truncated: boolean
  readonly extra: JsonObject
}

/** A shown message's group of alternatives (rule O3). */
export interface Alternatives {
  readonly group: string
  /** All members, oldest first; the shown one included. */
  readonly ids: readonly string[]
  /** Of the shown one in `ids`. */
  readonly index: number
  readonly count: number
  /** The unselected members that were continued: they have messages of their own below them. */
  readonly continued: readonly string[]
  /** `continued` is not empty: the badge. */
  readonly continuedElsewhere: boolean
  /** How many messages are hidden here: the unselected members and all below them. */
  readonly hidden: number
}

export interface Reaction {
  readonly author: string
  readonly reaction: string
  readonly at: number
}
export interface Feedback {
  readonly author: string
  readonly rating: 'up' | 'down'
  readonly comment: string | null
  readonly at: number
}

export interface Message {
  readonly id: string
  readonly parent: string | null
  readonly replaces: string | null
  readonly role: Role
  readonly author: Author | null
  readonly createdAt: number
  readonly completedAt: number | null
  readonly status: MessageStatus
  readonly finishReason: string | null
  readonly error: Failure | null
  readonly model: string | null
  readonly provider: string | null
  readonly agent: string | null
  readonly usage: Usage | null
  readonly parts: readonly Part[]
  /** null when it is the only one of its group, and for hidden messages. */
  readonly alternatives: Alternatives | null
  readonly reactions: readonly Reaction[]
  readonly feedback: readonly Feedback[]
  readonly editedAt: number | null
  /** Set: a tombstone. It keeps its place and its parts (it can be restored); show that it was deleted, not what it said. */
  readonly deletedAt: number | null
  /** The id of a checkpoint of this conversation. */
  readonly checkpoint: string | null
  readonly custom: JsonObject
  readonly extra: JsonObject
}

export interface Todo {
  readonly id: string
  readonly text: string
  readonly state: TodoState
  /** Fractional index; todos are ordered by (index, id). */
  readonly index: string
  readonly message: string | null
  readonly createdAt: number
  readonly updatedAt: number | null
  readonly deletedAt: number | null
  readonly extra: JsonObject
}
export interface Artifact {
  readonly id: string
  readonly kind: string
  readonly title: string
  readonly language: string | null
  readonly mediaType: string | null
  readonly text: string
  readonly blob: BlobRef | null
  /** The artifact that this is a newer version of. */
  readonly replaces: string | null
  readonly message: string | null
  readonly createdAt: number
  readonly updatedAt: number | null
  readonly deletedAt: number | null
  readonly extra: JsonObject
}
/** A command or activity panel. */
export interface Activity {
  readonly id: string
  readonly kind: string
  readonly title: string
  readonly command: string | null
  readonly cwd: string | null
  readonly output: string
  readonly exitCode: number | null
  readonly signal: string | null
  readonly state: ActivityState
  readonly message: string | null
  readonly callId: string | null
  readonly startedAt: number
  readonly endedAt: number | null
  readonly deletedAt: number | null
  readonly extra: JsonObject
}
export interface Checkpoint {
  readonly id: string
  readonly kind: string
  readonly label: string
  /** What restores it, e.g. a commit hash. */
  readonly ref: string | null
  readonly message: string | null
  readonly createdAt: number
  readonly restoredAt: number | null
  readonly data: JsonValue
  readonly deletedAt: number | null
  readonly extra: JsonObject
}

/** Computed from what is there, never counted in the document. Hidden messages cost tokens too and are included. */
export interface Totals {
  readonly messages: number
  readonly shown: number
  readonly hidden: number
  readonly toolCalls: number
  readonly subagents: number
  readonly usage: Usage
  /** The latest time that any message names; 0 when there is none. */
  readonly lastActivityAt: number
}

export interface Conversation {
  readonly meta: Meta
  /** What is shown, in order (O1-O6). */
  readonly messages: readonly Message[]
  /** Every other message: unselected alternatives and what lies below them (O5). */
  readonly hidden: readonly Message[]
  /** Living ones first to last by (createdAt, id); what was deleted is in `deleted`. */
  readonly artifacts: readonly Artifact[]
  readonly todos: readonly Todo[]
  readonly activities: readonly Activity[]
  readonly checkpoints: readonly Checkpoint[]
  readonly deleted: {
    readonly artifacts: readonly Artifact[]
    readonly todos: readonly Todo[]
    readonly activities: readonly Activity[]
    readonly checkpoints: readonly Checkpoint[]
  }
  /** Group of alternatives -> the message chosen. */
  readonly selected: ReadonlyMap<string, string>
  readonly totals: Totals
  /** False when a newer version wrote it: it can be read and not edited. */
  readonly writable: boolean
}

/** What a list shows of a conversation without opening it. Bounded: see summary.ts. */
export interface Summary {
  readonly id: string
  readonly title: string
  readonly titleBy: 'user' | 'automatic' | null
  readonly createdAt: number
  readonly updatedAt: number
  readonly messages: number
  readonly hidden: number
  readonly pinned: boolean
  readonly starred: boolean
  readonly archived: boolean
  readonly deletedAt: number | null
  /** The last message streams, as its writer left it: whether that window still lives, the document cannot know (W12). */
  readonly streaming: boolean
  readonly failed: boolean
  /** The last message was written as interrupted. */
  readonly interrupted: boolean
  readonly openTodos: number
  readonly tags: readonly string[]
  readonly project: string | null
  readonly model: string | null
  readonly cost: number
  readonly preview: { readonly role: Role; readonly text: string } | null
}
