import type { Todo } from '@holdfast/conversation'
import { useConversationData } from '@holdfast/react'
import type { OpenConversation } from '@holdfast/store'
import { ChevronRight, Circle, CircleCheck, CircleDashed, CircleSlash, ListTodo } from 'lucide-react'

const icons: Record<Todo['state'], typeof Circle> = {
  pending: Circle,
  'in-progress': CircleDashed,
  done: CircleCheck,
  cancelled: CircleSlash,
}
const names: Record<Todo['state'], string> = {
  pending: 'to do',
  'in-progress': 'in progress',
  done: 'done',
  cancelled: 'cancelled',
}

/** What an agent has set out to do, folded to one line above the composer; nothing when there is nothing. */
export function TodoPanel({ conversation }: { readonly conversation: OpenConversation }) {
  const todos = useConversationData(conversation, (data) => data.todos)
  if (todos.length === 0) return null
  const done = todos.filter((todo) => todo.state === 'done' || todo.state === 'cancelled').length
  const current = todos.find((todo) => todo.state === 'in-progress')
  return (
    <details className="hf-card hf-todo-panel">
      <summary>
        <span className="hf-card-icon">
          <ListTodo size={16} aria-hidden />
        </span>
        <span className="hf-card-title">
          <strong>
            {done} of {todos.length} done
          </strong>
          <span className="hf-truncate">{current?.text}</span>
        </span>
        <ChevronRight className="hf-chevron" size={16} aria-hidden />
      </summary>
      <div className="hf-card-body">
        <ul className="hf-todos">
          {todos.map((todo) => {
            const Icon = icons[todo.state]
            return (
              <li key={todo.id} data-done={todo.state === 'done' || todo.state === 'cancelled'}>
                <Icon size={16} role="img" aria-label={names[todo.state]} />
                <span>{todo.text}</span>
              </li>
            )
          })}
        </ul>
      </div>
    </details>
  )
}
