import type * as Y from 'yjs'
import { bad, checkJsonObject, checkText, checkTime } from './edit/check.ts'
import { appendPart, planFinish } from './edit/messages.ts'
import { addSubagent, checkCallPatch, startToolCall, writeCall } from './edit/tools.ts'
import {
  appendText,
  assertWritable,
  findCall,
  findMessage,
  isHighSurrogate,
  partList,
  setField,
  transact,
} from './edit/write.ts'
import { ConversationError } from './errors.ts'
import type { FinishMessage, MessageRef, NewSubagent, NewToolCall, PartInput, ToolCallPatch } from './inputs.ts'
import type { JsonObject } from './json.ts'
import { asFields, type Fields } from './schema.ts'

/**
 * Writes an answer as it comes. Text is only ever appended, so that what a token costs does not depend on how much came
 * before. Each call is one transaction; batching is the caller's.
 */
export interface StreamingWriter {
  readonly message: MessageRef
  /** False once the message ended, here or by another window's hand: whoever feeds the writer should then stop. */
  readonly open: boolean
  /** Appends to the text part at hand, or begins one. */
  text(delta: string): void
  /** The same for reasoning; `at` is when it began. */
  reasoning(delta: string, options?: { at?: number }): void
  /** Ends the part at hand, so that the next delta begins another. */
  endPart(options?: { at?: number; providerMetadata?: JsonObject }): void
  /** Appends any other part. Gives its id. */
  part(part: PartInput): string
  startToolCall(call: NewToolCall): string
  toolInput(callId: string, delta: string): void
  updateToolCall(callId: string, patch: ToolCallPatch): void
  toolOutput(callId: string, delta: string): void
  addSubagent(callId: string, subagent: NewSubagent): string
  /** A writer for a message of a subagent, which must be there and streaming. */
  subagent(callId: string, subagentId: string, messageId: string): StreamingWriter
  /**
   * Ends the message. If another window has cancelled it meanwhile, that stands, and only what is not there yet is added;
   * one that was taken for interrupted was not, and is ended as said.
   */
  finish(finish: FinishMessage): void
  interrupt(options: { at: number }): void
}

/** WRONG_STATE when the message is not streaming. */
export function streamingWriter(doc: Y.Doc, message: MessageRef, origin?: unknown): StreamingWriter {
  assertWritable(doc)
  const fields = findMessage(doc, message)
  if (fields.get('status') !== 'streaming') throw new ConversationError('WRONG_STATE', 'this message is not streaming')
  return new Writer(doc, message, fields, origin)
}

/** The part that deltas go to. */
interface PartAtHand {
  readonly type: 'text' | 'reasoning'
  readonly fields: Fields
}

class Writer implements StreamingWriter {
  readonly message: MessageRef
  private readonly doc: Y.Doc
  private readonly fields: Fields
  private readonly origin: unknown
  private atHand: PartAtHand | null = null
  private readonly calls = new Map<string, Fields>()
  /**
   * The first half of a surrogate pair whose other half is in the next delta, by part and field: written alone it would
   * be replaced on its way to other replicas.
   */
  private readonly halves = new Map<Fields, Map<string, string>>()
  private finished = false

  constructor(doc: Y.Doc, message: MessageRef, fields: Fields, origin: unknown) {
    this.doc = doc
    this.message = message
    this.fields = fields
    this.origin = origin
  }

  get open(): boolean {
    return !this.finished && this.fields.get('status') === 'streaming'
  }

  text(delta: string): void {
    this.append('text', delta, {})
  }

  reasoning(delta: string, options: { at?: number } = {}): void {
    this.append('reasoning', delta, options.at === undefined ? {} : { startedAt: options.at })
  }

  endPart(options: { at?: number; providerMetadata?: JsonObject } = {}): void {
    this.assertUnfinished()
    const part = this.atHand
    if (part === null) return
    const at = options.at === undefined ? null : checkTime(options.at, 'at')
    const { providerMetadata } = options
    const metadata = providerMetadata === undefined ? null : checkJsonObject(providerMetadata, 'providerMetadata')
    transact(this.doc, this.origin, () => {
      this.leavePart()
      if (at !== null && part.type === 'reasoning') setField(part.fields, 'endedAt', at)
      if (metadata !== null) setField(part.fields, 'providerMetadata', metadata)
    })
  }

  part(part: PartInput): string {
    return this.besides(() => appendPart(this.doc, this.message, part, this.origin))
  }

  startToolCall(call: NewToolCall): string {
    return this.besides(() => startToolCall(this.doc, this.message, call, this.origin))
  }

  toolInput(callId: string, delta: string): void {
    this.appendToCall(callId, 'inputText', delta)
  }

  toolOutput(callId: string, delta: string): void {
    this.appendToCall(callId, 'outputText', delta)
  }

  updateToolCall(callId: string, patch: ToolCallPatch): void {
    this.assertUnfinished()
    const call = this.call(callId)
    const set = checkCallPatch(patch)
    transact(this.doc, this.origin, () => {
      this.writeHalves(call)
      writeCall(call, set)
    })
  }

  addSubagent(callId: string, subagent: NewSubagent): string {
    this.assertUnfinished()
    return addSubagent(this.doc, { message: this.message, callId }, subagent, this.origin)
  }

  subagent(callId: string, subagentId: string, messageId: string): StreamingWriter {
    const ref = { in: { message: this.message, callId, subagent: subagentId }, id: messageId }
    return streamingWriter(this.doc, ref, this.origin)
  }

  finish(finish: FinishMessage): void {
    this.assertUnfinished()
    const set = planFinish(finish)
    transact(this.doc, this.origin, () => {
      for (const part of [...this.halves.keys()]) this.writeHalves(part)
      const status = this.fields.get('status')
      const ours = status === 'streaming' || status === 'interrupted'
      for (const [key, value] of set) {
        if (ours || (key !== 'status' && (this.fields.get(key) ?? null) === null)) setField(this.fields, key, value)
      }
    })
    this.finished = true
  }

  interrupt(options: { at: number }): void {
    this.finish({ status: 'interrupted', completedAt: options.at })
  }

  private append(type: PartAtHand['type'], delta: string, begin: { startedAt?: number }): void {
    this.assertUnfinished()
    if (typeof delta !== 'string') throw bad('delta', 'a string')
    if (delta === '') return
    if (this.atHand?.type === type) {
      this.appendDelta(this.atHand.fields, 'text', delta)
      return
    }
    transact(this.doc, this.origin, () => {
      const parts = partList(this.fields)
      appendPart(this.doc, this.message, { type, text: '', ...begin }, this.origin)
      this.leavePart()
      const fields = asFields(parts.get(parts.length - 1)) as Fields
      this.atHand = { type, fields }
      this.appendDelta(fields, 'text', delta)
    })
  }

  private appendToCall(callId: string, key: 'inputText' | 'outputText', delta: string): void {
    this.assertUnfinished()
    if (typeof delta !== 'string') throw bad('delta', 'a string')
    this.appendDelta(this.call(callId), key, delta)
  }

  private appendDelta(part: Fields, key: string, delta: string): void {
    const halves = this.halves.get(part) ?? new Map<string, string>()
    const joined = (halves.get(key) ?? '') + delta
    const cut = isHighSurrogate(joined.charCodeAt(joined.length - 1)) ? joined.length - 1 : joined.length
    if (cut > 0) {
      transact(this.doc, this.origin, () => appendText(part, key, checkText(joined.slice(0, cut), 'delta')))
    } else assertWritable(this.doc)
    if (cut < joined.length) this.halves.set(part, halves.set(key, joined.slice(cut)))
    else halves.delete(key)
  }

  /** The other half never came. */
  private writeHalves(part: Fields): void {
    for (const [key, half] of this.halves.get(part) ?? []) appendText(part, key, half.toWellFormed())
    this.halves.delete(part)
  }

  private leavePart(): void {
    if (this.atHand !== null) this.writeHalves(this.atHand.fields)
    this.atHand = null
  }

  /** Appends something beside the text at hand, which ends it. */
  private besides<T>(append: () => T): T {
    this.assertUnfinished()
    return transact(this.doc, this.origin, () => {
      const result = append()
      this.leavePart()
      return result
    })
  }

  private call(callId: string): Fields {
    const call = this.calls.get(callId) ?? findCall(this.doc, { message: this.message, callId })
    this.calls.set(callId, call)
    return call
  }

  private assertUnfinished(): void {
    if (this.finished) throw new ConversationError('WRONG_STATE', 'this writer has finished its message')
  }
}
