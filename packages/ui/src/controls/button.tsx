import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className'>

export interface ButtonProps extends Native {
  readonly kind?: 'plain' | 'primary' | 'quiet' | 'danger'
  readonly size?: 'small' | 'medium'
  readonly ref?: Ref<HTMLButtonElement>
}

export function Button({ kind = 'plain', size = 'medium', type = 'button', ...rest }: ButtonProps) {
  return <button {...rest} type={type} className="hf-button" data-kind={kind} data-size={size} />
}

export interface IconButtonProps extends Native {
  /** The accessible name; also shown as the tooltip. */
  readonly label: string
  readonly shortcut?: string
  readonly size?: 'small' | 'medium'
  readonly children: ReactNode
  readonly ref?: Ref<HTMLButtonElement>
}

export function IconButton({ label, shortcut, size = 'medium', type = 'button', ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className="hf-icon-button"
      data-size={size}
      aria-label={label}
      title={shortcut ? `${label} (${shortcut})` : label}
    />
  )
}
