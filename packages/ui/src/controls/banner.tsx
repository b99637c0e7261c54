import { CircleAlert, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

export interface BannerProps {
  readonly tone: 'calm' | 'warn' | 'bad'
  readonly title: string
  readonly children?: ReactNode
  readonly actions?: ReactNode
}

const icons = { calm: Info, warn: TriangleAlert, bad: CircleAlert }

/** Something the reader should know and can act on; read out at once when it is bad. */
export function Banner({ tone, title, children, actions }: BannerProps) {
  const Icon = icons[tone]
  return (
    <section className="hf-banner" data-tone={tone} role={tone === 'bad' ? 'alert' : undefined} aria-label={title}>
      <Icon className="hf-banner-icon" size={17} aria-hidden />
      <div className="hf-banner-text">
        <strong>{title}</strong>
        {children && <p>{children}</p>}
      </div>
      {actions && <div className="hf-banner-actions">{actions}</div>}
    </section>
  )
}
