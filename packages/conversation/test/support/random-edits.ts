import type { Random } from '@holdfast/testkit'
import * as Y from 'yjs'
import * as C from '../../src/index.ts'
import { NOON } from './documents.ts'

/** Characters that are written once each, so that a lost, doubled or torn text shows. Every tenth needs two UTF-16 units. */
export class Ink {
  readonly written: string[] = []

  token(): string {
    const n = this.written.length
    const token = n % 10 === 9 ? String.fromCodePoint(0x20000 + n) : String.fromCharCode(0x4e00 + n)
    this.written.push(token)
    return token
  }
}

/** One person's window: a replica, its reader, and the answers it is writing. */
export class Window {
  readonly doc: Y.Doc
  readonly reader: C.ConversationReader
  readonly writers: C.StreamingWriter[] = []
  readonly updates: Uint8Array[] = []
  private readonly name: string
  private readonly random: Random
  private readonly ink: Ink
  private serial = 0

  constructor(clientId: number, start: Uint8Array, random: Random, ink: Ink) {
    this.name = `w${clientId}`
    this.random = random
    this.ink = ink
    this.doc = new Y.Doc()
    this.doc.clientID = clientId
    Y.applyUpdate(this.doc, start)
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'network') this.updates.push(update)
    })
    this.reader = C.createReader(this.doc)
  }

  get kinds(): readonly string[] {
    return Object.keys(this.edits)
  }

  /** Makes one random edit. Gives its name, or null when nothing could be edited that way. */
  edit(): string | null {
    const name = this.random.pick(this.kinds)
    return (this.edits[name] as () => unknown)() === false ? null : name
  }

  private id(): string {
    return `${this.name}-${this.serial++}`
  }
  private at(): number {
    return NOON + this.random.int(50)
  }
  private get messages(): readonly C.Message[] {
    return [...this.reader.read().messages, ...this.reader.read().hidden]
  }
  private pick<T>(items: readonly T[]): T | null {
    return items.length === 0 ? null : this.random.pick(items)
  }
  /** Runs on one of them; false when there is none. */
  private on<T>(items: readonly T[], edit: (item: T) => void): boolean {
    const item = this.pick(items)
    if (item !== null) edit(item)
    return item !== null
  }
  private answer(message: Partial<C.NewMessage>): void {
    const id = this.id()
    C.addMessage(this.doc, { id, role: 'assistant', createdAt: this.at(), status: 'streaming', ...message })
    this.writers.push(C.streamingWriter(this.doc, id))
  }
  private get calls(): C.CallRef[] {
    return this.messages.flatMap((message) =>
      message.parts.flatMap((part) =>
        part.type === 'tool-call' ? [{ message: message.id, callId: part.callId }] : [],
      ),
    )
  }
  private get subagents(): C.SubagentRef[] {
    return this.messages.flatMap((message) =>
      message.parts.flatMap((part) =>
        part.type === 'tool-call'
          ? part.children.map(({ id }) => ({ message: message.id, callId: part.callId, subagent: id }))
          : [],
      ),
    )
  }

  private readonly edits: Record<string, () => unknown> = {
    say: () =>
      C.addMessage(this.doc, {
        id: this.id(),
        role: 'user',
        createdAt: this.at(),
        parts: [{ type: 'text', text: this.ink.token() }],
      }),
    answer: () =>
      this.on(
        this.messages.filter(({ role }) => role === 'user'),
        ({ id }) => this.answer({ answers: id }),
      ),
    retry: () => this.on(this.messages, ({ id }) => this.answer({ replaces: id })),
    select: () => this.on(this.messages, ({ id }) => C.selectAlternative(this.doc, id)),
    edit: () =>
      this.on(
        this.messages.filter(({ parts, status }) => status === 'complete' && parts.some(({ type }) => type === 'text')),
        ({ id, parts }) => {
          const text = parts.find((part) => part.type === 'text')?.text ?? ''
          const next = this.random.chance(0.5) ? this.ink.token() + text : text + this.ink.token()
          C.editMessage(this.doc, { message: id, text: next, at: this.at() })
        },
      ),
    delete: () => this.on(this.messages, ({ id }) => C.deleteMessage(this.doc, { message: id, at: this.at() })),
    restore: () => this.on(this.messages, ({ id }) => C.restoreMessage(this.doc, { message: id })),
    react: () =>
      this.on(this.messages, ({ id }) =>
        C.addReaction(this.doc, { message: id, author: this.name, reaction: this.random.pick(['+1', ':)']), at: 1 }),
      ),
    unreact: () =>
      this.on(this.messages, ({ id }) =>
        C.removeReaction(this.doc, { message: id, author: this.name, reaction: '+1' }),
      ),
    feedback: () =>
      this.on(this.messages, ({ id }) =>
        C.setFeedback(this.doc, {
          message: id,
          author: this.name,
          rating: this.random.pick(['up', 'down', null]),
          at: 1,
        }),
      ),
    checkpointOf: () =>
      this.on(this.messages, ({ id }) => C.setMessageCheckpoint(this.doc, { message: id, checkpoint: 'cp' })),
    customOf: () =>
      this.on(this.messages, ({ id }) =>
        C.setMessageCustom(this.doc, { message: id, key: 'k', value: { n: this.serial } }),
      ),
    part: () =>
      this.on(this.messages, ({ id }) =>
        C.appendPart(
          this.doc,
          id,
          this.random.pick<C.PartInput>([
            { type: 'data-x', data: [1] },
            { type: 'step-start' },
            { type: 'unknown', value: { type: 'odd', n: 1 } },
            { type: 'file', mediaType: 'a/b', url: 'https://x' },
          ]),
        ),
      ),
    text: () => this.on(this.writers, (writer) => writer.text(this.ink.token())),
    textInHalves: () =>
      this.on(this.writers, (writer) => {
        for (const unit of this.ink.token().split('')) writer.text(unit)
      }),
    reasoning: () => this.on(this.writers, (writer) => writer.reasoning(this.ink.token())),
    endPart: () => this.on(this.writers, (writer) => writer.endPart({ at: this.at() })),
    call: () => this.on(this.writers, (writer) => writer.startToolCall({ callId: this.id(), name: 'tool' })),
    callElsewhere: () =>
      this.on(this.messages, ({ id }) => C.startToolCall(this.doc, id, { callId: this.id(), name: 'tool', input: 1 })),
    toolInput: () => this.onOwnCall((writer, callId) => writer.toolInput(callId, this.ink.token())),
    toolOutput: () => this.onOwnCall((writer, callId) => writer.toolOutput(callId, this.ink.token())),
    updateCall: () =>
      this.on(this.calls, (call) =>
        C.updateToolCall(this.doc, call, {
          state: this.random.pick(['input-available', 'output-available', 'output-error']),
          output: { n: this.serial },
        }),
      ),
    askApproval: () =>
      this.on(
        this.calls.filter((call) => this.stateOf(call) === 'input-available'),
        (call) => C.requestApproval(this.doc, { ...call, id: this.id(), at: 1 }),
      ),
    approve: () =>
      this.on(
        this.calls.filter((call) => this.stateOf(call) === 'approval-requested'),
        (call) => C.respondToApproval(this.doc, { ...call, approved: this.random.chance(0.5), at: 1 }),
      ),
    subagent: () =>
      this.on(this.calls, (call) => C.addSubagent(this.doc, call, { id: this.id(), name: 'helper', prompt: 'p' })),
    updateSubagent: () =>
      this.on(this.subagents, (ref) => C.updateSubagent(this.doc, ref, { state: 'complete', result: 1 })),
    subagentMessage: () =>
      this.on(this.subagents, (ref) => {
        const id = this.id()
        C.addMessage(this.doc, { in: ref, id, role: 'assistant', createdAt: this.at(), status: 'streaming' })
        this.writers.push(C.streamingWriter(this.doc, { in: ref, id }))
      }),
    finish: () =>
      this.on(this.writers, (writer) => {
        writer.finish({ status: this.random.pick(['complete', 'cancelled', 'error']), completedAt: this.at() })
        this.writers.splice(this.writers.indexOf(writer), 1)
      }),
    stopElsewhere: () =>
      this.on(
        this.messages.filter(({ status }) => status === 'streaming'),
        ({ id }) =>
          C.finishMessage(this.doc, id, {
            status: this.random.pick(['interrupted', 'cancelled']),
            completedAt: this.at(),
          }),
      ),
    title: () => C.setTitle(this.doc, { title: this.id(), by: this.random.pick(['user', 'automatic']) }),
    flags: () => {
      C.setPinned(this.doc, this.random.chance(0.5))
      C.setStarred(this.doc, this.random.chance(0.5))
      C.setArchived(this.doc, this.random.chance(0.5))
    },
    tag: () => C.addTag(this.doc, this.random.pick(['a', 'b', 'c'])),
    untag: () => C.removeTag(this.doc, this.random.pick(['a', 'b', 'c'])),
    trash: () => C.moveToTrash(this.doc, { at: this.at() }),
    untrash: () => C.restoreFromTrash(this.doc),
    settings: () => {
      C.setModel(this.doc, this.id())
      C.setMode(this.doc, this.random.pick(['ask', null]))
      C.setAgent(this.doc, this.id())
      C.setSessionKey(this.doc, this.id())
      C.setProject(this.doc, { name: this.id() })
      C.setError(this.doc, this.random.pick([null, { code: 'E', message: 'm' }]))
      C.setCustom(this.doc, 'k', this.serial)
    },
    todo: () =>
      C.addTodo(this.doc, {
        id: this.id(),
        text: 'todo',
        createdAt: this.at(),
        after: this.random.pick([null, undefined, ...this.reader.read().todos.map(({ id }) => id)]) ?? null,
      }),
    moveTodo: () =>
      this.on(this.reader.read().todos, ({ id }) =>
        C.moveTodo(this.doc, { id, after: this.pick(this.reader.read().todos)?.id ?? null, at: this.at() }),
      ),
    updateTodo: () =>
      this.on(this.reader.read().todos, ({ id }) => C.updateTodo(this.doc, { id, at: this.at() }, { state: 'done' })),
    deleteTodo: () => this.on(this.reader.read().todos, ({ id }) => C.deleteTodo(this.doc, { id, at: 1 })),
    restoreTodo: () => this.on(this.reader.read().deleted.todos, ({ id }) => C.restoreTodo(this.doc, id)),
    artifact: () =>
      C.addArtifact(this.doc, { id: this.id(), title: 'a', createdAt: this.at(), text: this.ink.token() }),
    artifactText: () =>
      this.on(this.reader.read().artifacts, ({ id }) =>
        C.appendArtifactText(this.doc, { id, delta: this.ink.token() }),
      ),
    editArtifact: () =>
      this.on(this.reader.read().artifacts, ({ id, text }) =>
        C.updateArtifact(this.doc, { id, at: 1 }, { text: this.ink.token() + text, title: this.id() }),
      ),
    deleteArtifact: () => this.on(this.reader.read().artifacts, ({ id }) => C.deleteArtifact(this.doc, { id, at: 1 })),
    restoreArtifact: () => this.on(this.reader.read().deleted.artifacts, ({ id }) => C.restoreArtifact(this.doc, id)),
    activity: () => C.addActivity(this.doc, { id: this.id(), startedAt: this.at(), output: this.ink.token() }),
    activityOutput: () =>
      this.on(this.reader.read().activities, ({ id }) =>
        C.appendActivityOutput(this.doc, { id, delta: this.ink.token() }),
      ),
    updateActivity: () =>
      this.on(this.reader.read().activities, ({ id }) =>
        C.updateActivity(this.doc, id, { state: 'complete', exitCode: this.serial, endedAt: 5 }),
      ),
    deleteActivity: () => this.on(this.reader.read().activities, ({ id }) => C.deleteActivity(this.doc, { id, at: 1 })),
    restoreActivity: () => this.on(this.reader.read().deleted.activities, ({ id }) => C.restoreActivity(this.doc, id)),
    checkpoint: () => C.addCheckpoint(this.doc, { id: this.id(), label: 'c', createdAt: this.at() }),
    restored: () =>
      this.on(this.reader.read().checkpoints, ({ id }) => C.markCheckpointRestored(this.doc, { id, at: this.at() })),
    deleteCheckpoint: () =>
      this.on(this.reader.read().checkpoints, ({ id }) => C.deleteCheckpoint(this.doc, { id, at: 1 })),
    restoreCheckpoint: () =>
      this.on(this.reader.read().deleted.checkpoints, ({ id }) => C.restoreCheckpoint(this.doc, id)),
  }

  private stateOf(ref: C.CallRef): C.ToolState | undefined {
    const message = this.messages.find(({ id }) => id === ref.message)
    const call = message?.parts.find((part) => part.type === 'tool-call' && part.callId === ref.callId)
    return call?.type === 'tool-call' ? call.state : undefined
  }

  /** A call of a message that this window is writing. */
  private onOwnCall(edit: (writer: C.StreamingWriter, callId: string) => void): boolean {
    return this.on(this.writers, (writer) => {
      const call = this.pick(this.calls.filter(({ message }) => message === writer.message))
      if (call !== null) edit(writer, call.callId)
    })
  }
}
