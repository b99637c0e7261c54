export type { Attachment } from './composer/attachments.tsx'
export { Composer, type ComposerProps } from './composer/composer.tsx'
export { Banner, type BannerProps } from './controls/banner.tsx'
export { Button, type ButtonProps, IconButton, type IconButtonProps } from './controls/button.tsx'
export { Confirm, type ConfirmProps } from './controls/confirm.tsx'
export { Dialog, type DialogProps } from './controls/dialog.tsx'
export { Mark } from './controls/mark.tsx'
export { Menu, type MenuItem, type MenuProps } from './controls/menu.tsx'
export { type Toast, ToastProvider, useToast } from './controls/toast.tsx'
export { ConversationList, type ConversationListProps } from './list/conversation-list.tsx'
export { filterByTitle, type ListRow, type ListView, listRows, titleOf } from './list/sections.ts'
export { MessageLog, type MessageLogProps } from './log/message-log.tsx'
export { splitBlocks } from './markdown/blocks.ts'
export { CopyButton } from './markdown/copy-button.tsx'
export { loadMarkdown, MarkdownText } from './markdown/markdown.tsx'
export type { MessageActions } from './message/actions.ts'
export { MessageView, type MessageViewProps } from './message/message-view.tsx'
export { textOf } from './message/text-of.ts'
export { PresenceAvatars, TypingNote } from './status/presence-avatars.tsx'
export {
  FilesBanner,
  type FilesBannerProps,
  RefusalBanner,
  type RefusalBannerProps,
  type Remedies,
} from './status/refusal-banner.tsx'
export {
  fileRefusalWords,
  isGone,
  type RefusalWords,
  type Remedy,
  refusalWords,
  sentence,
  spaceRefusal,
} from './status/refusal-words.ts'
export { StatusLine, type StatusLineProps } from './status/status-line.tsx'
export { persistedTexts } from './status/status-words.ts'
export { TodoPanel } from './todos/todo-panel.tsx'
