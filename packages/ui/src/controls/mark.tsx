/** Holdfast's mark: a stem and the roots that grip. Drawn in the colour of the text around it. */
export function Mark({ size }: { readonly size: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={size < 20 ? 2.75 : 2.5}
      strokeLinecap="round"
      aria-hidden
    >
      <path d="M12 2.5v19" />
      <path d="M12 7.5c0 5.2-2.6 8.8-8.2 10.5" />
      <path d="M12 7.5c0 5.2 2.6 8.8 8.2 10.5" />
      {size >= 20 && <path d="M12 13c-.4 3.4-1.8 6-4.3 8m4.3-8c.4 3.4 1.8 6 4.3 8" />}
    </svg>
  )
}
