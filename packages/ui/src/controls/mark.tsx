/** Holdfast's mark: a stem and the roots that grip. Drawn in the colour of the text around it. */
export function Mark({ size }: { readonly size: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={2.5}
      strokeLinecap="round"
      aria-hidden
    >
      <path d="M12 2.5v19" />
      <path d="M12 7.5c0 5.2-2.600 8.800-8.2 10.5" />
      <path d="M12 7.5c0 5.2 2.600 8.800 8.2 10.5" />
      <path d="M12 13c-.4 3.400-1.800 6-4.300 8" />
      <path d="M12 13c.4 3.400 1.800 6 4.300 8" />
    </svg>
  )
}
