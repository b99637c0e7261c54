export {
  arrive,
  catchUp,
  closeIdle,
  comeBack,
  emptyOutbox,
  idleTraffic,
  stayOpen,
  writeOffline,
} from './sync.ts'
export { fetchedAll, hasAll, heardLive, joinLive, leaveLive, listenLive, speakLive } from './sync-live.ts'
export { stockBoth } from './sync-stock.ts'
