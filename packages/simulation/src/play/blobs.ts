import { addMessage } from '@holdfast/conversation'
import type { OpenConversation } from '@holdfast/store'
import { clockIn } from '../check/ledger.ts'
import type { Tab } from '../machines/device.ts'
import type { Call, Done } from './call.ts'
import { withTab } from './call.ts'

/** Adds a file to a conversation, as a paste does: the bytes, and at once a message that names them. */
export function putBlob({ stage, random }: Call, tab: Tab, conversation: OpenConversation): Done {
  const { meta, writable } = conversation.get()
  if (meta.id === '' || !writable) return null
  const id = `n${stage.serial()}`
  const bytes = new TextEncoder().encode(`<${id}>`.repeat(1 + random.int(40)))
  tab.does(`put a blob in ${conversation.id}`, async (store) => {
    const ref = await store.blobs.put(bytes, 'text/plain')
    // It may have been closed meanwhile.
    if (tab.open.get(conversation.id) !== conversation) return
    const { sha256, size, mediaType } = ref
    const before = clockIn(conversation.doc)
    conversation.edit((doc) =>
      addMessage(doc, {
        id,
        role: 'user',
        createdAt: stage.world.clock.now(),
        parts: [{ type: 'file', mediaType, blob: { sha256, size } }],
      }),
    )
    const edit = stage.ledger.wrote(tab, conversation, before, [])
    if (!edit) return
    const mark = stage.blobs.put(tab, ref, bytes, edit)
    await conversation.saved()
    stage.blobs.kept(mark)
  })
  return `${bytes.length} bytes in ${conversation.id}`
}

/** Asks for a file that somebody added somewhere. */
export function getBlob(call: Call): Done {
  const { stage, random } = call
  if (stage.blobs.marks.length === 0) return null
  const { sha256, bytes } = random.pick(stage.blobs.marks)
  return withTab(call, (tab) => {
    tab.does(`get ${sha256}`, async (store) => {
      const got = await store.blobs.get(sha256)
      stage.did('blob was given')
      if (!Buffer.from(got.bytes).equals(bytes)) stage.world.fail('blob-is-whole', `${sha256} is not what was put`)
    })
    return `${sha256.slice(0, 8)} in ${tab.name}`
  })
}
