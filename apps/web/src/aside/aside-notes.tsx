import { useStoreStatus } from '@holdfast/react'
import { Banner, Button } from '@holdfast/ui'
import { Archive } from 'lucide-react'
import { useOpenDialog } from '../app/dialogs.tsx'

const counted = (count: number): string => (count === 1 ? '1 conversation' : `${count} conversations`)

/** Says that something of this device cannot be sent as it is, until a person has decided about it. */
export function AsideBanner() {
  const { aside = 0 } = useStoreStatus()
  const open = useOpenDialog()
  if (aside === 0) return null
  return (
    <Banner
      tone="warn"
      title={`Changes to ${counted(aside)} could not be sent`}
      actions={
        <Button size="small" onClick={() => open('aside')}>
          <Archive size={14} aria-hidden />
          Look at what is set aside
        </Button>
      }
    >
      They are kept on this device: restore them as new, download them, or discard them.
    </Banner>
  )
}
