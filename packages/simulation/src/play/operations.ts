import { getBlob, putBlob } from './blobs.ts'
import { createOne, type Kind, openOne, withOpen, withTab } from './call.ts'
import { askToStop, delta, edit, editFurther, finish, lease, purge, release, stream, withWriter } from './conversing.ts'
import { guestComes, guestEdits, guestGoes } from './guests.ts'
import { cut, deleteStorage, duplicate, goOffline, goOnline, losePower, storageFails } from './troubles.ts'
import { changeRelay, changeWindow } from './versions.ts'

/** What happens in a run, besides that time passes and messages arrive. */
export const OPERATIONS: Readonly<Record<string, Kind>> = {
  edit: { weight: 40, run: (call) => withOpen(call, (tab, conversation) => edit(call, tab, conversation)) },
  editFurther: {
    weight: 6,
    run: (call) => withOpen(call, (tab, conversation) => editFurther(call, tab, conversation)),
  },
  create: { weight: 5, run: (call) => withTab(call, (tab) => createOne(call, tab)) },
  open: { weight: 10, run: (call) => withTab(call, (tab, store) => openOne(call, tab, store)) },
  close: {
    weight: 6,
    run: (call) =>
      withOpen(call, (tab, { id }) => {
        tab.closeConversation(id)
        return id
      }),
  },
  stream: { weight: 5, run: (call) => withOpen(call, (tab, conversation) => stream(call, tab, conversation)) },
  delta: { weight: 14, run: (call) => withWriter(call, (tab, writer) => delta(call, tab, writer)) },
  putBlob: { weight: 4, run: (call) => withOpen(call, (tab, conversation) => putBlob(call, tab, conversation)) },
  getBlob: { weight: 4, run: getBlob },
  purge: { weight: 0.6, run: (call) => withTab(call, (tab, store) => purge(call, tab, store)) },
  lease: { weight: 2, run: (call) => withOpen(call, (tab, conversation) => lease(call, tab, conversation)) },
  release: { weight: 4, run: (call) => withTab(call, (tab) => release(call, tab)) },
  askToStop: { weight: 3, run: (call) => withOpen(call, (tab, conversation) => askToStop(call, tab, conversation)) },
  finish: { weight: 3, run: (call) => withWriter(call, (tab, writer) => finish(call, tab, writer)) },
  tab: {
    weight: 8,
    run: ({ stage, seat }) => {
      if (stage.seats[seat]) return null
      stage.sit(seat)
      return ''
    },
  },
  closeTab: {
    weight: 2,
    run: (call) =>
      withTab(call, (tab) => {
        tab.close()
        return tab.name
      }),
  },
  crashTab: {
    weight: 2,
    run: (call) =>
      withTab(call, (tab) => {
        tab.crash()
        return tab.name
      }),
  },
  crashTabSoon: {
    weight: 3,
    run: (call) =>
      withTab(call, (tab) => {
        tab.process.dieAt(1 + call.random.int(25))
        return tab.name
      }),
  },
  losePower: { weight: 1, run: losePower },
  storageFails: { weight: 3, run: storageFails },
  deleteStorage: { weight: 0.6, run: deleteStorage },
  guestComes: { weight: 3, run: guestComes },
  guestEdits: { weight: 8, run: guestEdits },
  guestGoes: { weight: 2, run: guestGoes },
  offline: { weight: 3, run: goOffline },
  online: { weight: 5, run: goOnline },
  cut: { weight: 4, run: cut },
  duplicate: { weight: 1, run: duplicate },
  relayCrash: { weight: 1.5, run: ({ stage }) => (stage.relay.crash() ? '' : null) },
  relayCrashSoon: {
    weight: 2,
    run: ({ stage, random }) => {
      const touches = 1 + random.int(40)
      stage.relay.running?.process.dieAt(touches)
      return stage.relay.running ? '' : null
    },
  },
  relayCrashShown: {
    weight: 2,
    run: ({ stage, random }) => {
      const touches = 1 + random.int(6)
      stage.relay.running?.dieOnceShown(touches)
      return stage.relay.running ? '' : null
    },
  },
  relayCloses: { weight: 1, run: ({ stage }) => (stage.relay.close() ? '' : null) },
  relayStarts: { weight: 6, run: ({ stage }) => (stage.relay.start() ? '' : null) },
  diskFails: {
    weight: 2,
    run: ({ stage, random }) => {
      stage.relay.faults.failing = 1 + random.int(3)
      return `${stage.relay.faults.failing} calls`
    },
  },
  keepCopy: {
    weight: 1,
    run: ({ stage }) => {
      stage.relay.keepCopy()
      return ''
    },
  },
  wipe: {
    weight: 0.3,
    run: ({ stage }) => {
      stage.relay.wipe()
      return ''
    },
  },
  restore: {
    weight: 0.6,
    run: ({ stage, random }) => (stage.relay.restore((copies) => random.pick(copies)) ? '' : null),
  },
  swap: {
    weight: 0.4,
    run: ({ stage }) => {
      stage.relay.swap()
      return ''
    },
  },
  changeRelay: { weight: 0.3, run: changeRelay },
  changeWindow: { weight: 0.3, run: changeWindow },
  wait: { weight: 8, run: () => '' },
}
