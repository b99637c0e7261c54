import type { ReactNode } from 'react'
import { Component } from 'react'

export interface MessageBoundaryProps {
  /** Another one tries again: the message has changed. */
  readonly of: unknown
  readonly children: ReactNode
}

interface State {
  readonly failed: boolean
  readonly of: unknown
}

/** What one message holds, whoever wrote it, must not take the others from the screen. */
export class MessageBoundary extends Component<MessageBoundaryProps, State> {
  override state: State = { failed: false, of: this.props.of }

  static getDerivedStateFromError(): Partial<State> {
    return { failed: true }
  }

  static getDerivedStateFromProps(props: MessageBoundaryProps, state: State): Partial<State> | null {
    return props.of === state.of ? null : { failed: false, of: props.of }
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return <p className="hf-hint">This message cannot be shown. It is kept as it is, and a download holds it.</p>
  }
}
