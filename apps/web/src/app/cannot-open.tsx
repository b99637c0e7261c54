import { Banner, Button } from '@holdfast/ui'

/** This browser does not let the page keep anything, so there is nothing to show that would not be lost. */
export function CannotOpen({ error }: { readonly error: unknown }) {
  const message = error instanceof Error ? error.message : String(error)
  return (
    <main className="app-alone">
      <Banner
        tone="bad"
        title="Not saved: this browser does not let Holdfast store anything"
        actions={
          <Button kind="primary" onClick={() => location.reload()}>
            Try again
          </Button>
        }
      >
        {message}. Other windows of this page may hold an older version open: close them. Private windows and strict
        cookie settings block storage too. What is on this device already is untouched.
      </Banner>
    </main>
  )
}
