import { useStoreStatus } from '@holdfast/react'
import { Banner, Button } from '@holdfast/ui'
import { KeyRound } from 'lucide-react'

/** Says that the relay does not let this page in, and asks for another token. */
export function RelayBanner({ onToken }: { readonly onToken: () => void }) {
  const { relay } = useStoreStatus()
  if (relay !== 'refused') return null
  return (
    <Banner
      tone="warn"
      title="The relay does not accept this page’s token"
      actions={
        <Button size="small" onClick={onToken}>
          <KeyRound size={14} aria-hidden />
          Use another token
        </Button>
      }
    >
      It may be wrong or expired. Everything stays saved on this device meanwhile, and is sent once you paste another.
    </Banner>
  )
}
