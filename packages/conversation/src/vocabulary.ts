/** The words that fields may hold, and tests for them: reading drops what fails them, editing refuses it. */
import type { ActivityState, MessageStatus, Role, SubagentState, TodoState, ToolState } from './types.ts'

export const ROLES: readonly Role[] = ['system', 'user', 'assistant', 'tool']
export const MESSAGE_STATUSES: readonly MessageStatus[] = ['streaming', 'complete', 'interrupted', 'cancelled', 'error']
export const TOOL_STATES: readonly ToolState[] = [
  'input-streaming',
  'input-available',
  'approval-requested',
  'approval-responded',
  'output-available',
  'output-error',
  'output-denied',
]
export const SUBAGENT_STATES: readonly SubagentState[] = ['running', 'complete', 'error', 'cancelled', 'interrupted']
export const ACTIVITY_STATES: readonly ActivityState[] = ['running', 'complete', 'error', 'cancelled', 'interrupted']
export const TODO_STATES: readonly TodoState[] = ['pending', 'in-progress', 'done', 'cancelled']
export const RATINGS: readonly ('up' | 'down')[] = ['up', 'down']

/** The last moment that a JavaScript `Date` can show. */
const LAST_TIME = 8.64e15

export const isString = (value: unknown): value is string => typeof value === 'string'
export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
export const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
export const isCount = (value: unknown): value is number => isNumber(value) && value >= 0
export const isTime = (value: unknown): value is number => isCount(value) && value <= LAST_TIME
export const isSha256 = (value: unknown): value is string => isString(value) && /^[0-9a-f]{64}$/.test(value)

/** A plain object, as JSON has it: not a list, not bytes, not a shared type. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
