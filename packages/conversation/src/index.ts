export { blobsNamedIn } from './blob-names.ts'
export {
  addActivity,
  appendActivityOutput,
  deleteActivity,
  restoreActivity,
  updateActivity,
} from './edit/activities.ts'
export { selectAlternative } from './edit/alternatives.ts'
export { addArtifact, appendArtifactText, deleteArtifact, restoreArtifact, updateArtifact } from './edit/artifacts.ts'
export { addCheckpoint, deleteCheckpoint, markCheckpointRestored, restoreCheckpoint } from './edit/checkpoints.ts'
export {
  addTag,
  initConversation,
  moveToTrash,
  removeTag,
  restoreFromTrash,
  setAgent,
  setArchived,
  setCustom,
  setError,
  setMode,
  setModel,
  setPinned,
  setProject,
  setSessionKey,
  setStarred,
  setTitle,
} from './edit/conversation.ts'
export {
  addMessage,
  addReaction,
  appendPart,
  deleteMessage,
  editMessage,
  finishMessage,
  removeReaction,
  restoreMessage,
  resumeMessage,
  setFeedback,
  setMessageCheckpoint,
  setMessageCustom,
} from './edit/messages.ts'
export { addTodo, deleteTodo, moveTodo, restoreTodo, updateTodo } from './edit/todos.ts'
export {
  addSubagent,
  type CallRef,
  requestApproval,
  respondToApproval,
  startToolCall,
  updateSubagent,
  updateToolCall,
} from './edit/tools.ts'
export { ConversationError, type ConversationErrorCode } from './errors.ts'
export { type Fork, fork } from './fork.ts'
export { derivedId, type Genesis, type GenesisArgs, genesis, type ImportedConversation } from './genesis.ts'
export type {
  ActivityPatch,
  ArtifactPatch,
  FinishMessage,
  MessageRef,
  NewActivity,
  NewApproval,
  NewArtifact,
  NewCheckpoint,
  NewConversation,
  NewMessage,
  NewSubagent,
  NewTodo,
  NewToolCall,
  PartInput,
  SubagentPatch,
  SubagentRef,
  TodoPatch,
  ToolCallPatch,
} from './inputs.ts'
export type { JsonObject, JsonValue } from './json.ts'
export { migrate } from './migrate.ts'
export { type ModelMessagesOptions, modelMessages, type UiMessage, type UiPart } from './model-messages.ts'
export { lastShownId } from './read/last-shown.ts'
export { type ConversationReader, createReader, readConversation } from './read/reader.ts'
export { answerSlot, isWritable, MAX_SUBAGENT_DEPTH, SCHEMA_VERSION, schemaVersion } from './schema.ts'
export { type StreamingWriter, streamingWriter } from './stream.ts'
export { decodeSummary, encodeSummary, MAX_SUMMARY_BYTES, summarize } from './summary.ts'
export type {
  Activity,
  ActivityState,
  Alternatives,
  Approval,
  Artifact,
  ArtifactPart,
  Author,
  BlobRef,
  Checkpoint,
  Conversation,
  DataPart,
  ErrorPart,
  Failure,
  Feedback,
  FilePart,
  ImportSource,
  Message,
  MessageStatus,
  Meta,
  Part,
  Project,
  Reaction,
  ReasoningPart,
  Role,
  SourcePart,
  StepStartPart,
  Subagent,
  SubagentState,
  Summary,
  TextPart,
  Todo,
  TodoState,
  ToolCallPart,
  ToolState,
  Totals,
  UnknownPart,
  Usage,
} from './types.ts'
