// The limit: a bare `ws` server that stores each message in LevelDB and shows it to the document's others after the fsync that it shares with
// all that came meanwhile. It knows no Yjs: no check, no state, nobody is told what was there before.
import http from 'node:http'
import { ClassicLevel } from 'classic-level'
import { WebSocketServer } from 'ws'

const [, , directory] = process.argv
const level = new ClassicLevel(directory, { keyEncoding: 'utf8', valueEncoding: 'buffer' })
await level.open()

/** @type {Map<string, Set<import('ws').WebSocket>>} */
const rooms = new Map()
let next = 0
let waiting = []
let writing = false

async function write() {
  writing = true
  while (waiting.length > 0) {
    const batch = waiting
    waiting = []
    await level.batch(
      batch.map(({ document, message, number }) => ({ type: 'put', key: `${document}/${number}`, value: message })),
      { sync: true },
    )
    for (const { document, message, from } of batch) {
      for (const ws of rooms.get(document) ?? []) if (ws !== from) ws.send(message)
    }
  }
  writing = false
}

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
sockets.on('connection', (ws, request) => {
  const document = request.url.slice(1).split('?')[0]
  const room = rooms.get(document) ?? new Set()
  rooms.set(document, room.add(ws))
  ws.on('message', (message) => {
    // What is told of, not what is asked: sync step 1 is no update.
    if (message[0] !== 0 || message[1] === 0) return
    waiting.push({ document, message, from: ws, number: String(next++).padStart(12, '0') })
    if (!writing) write()
  })
  ws.on('close', () => {
    room.delete(ws)
    if (room.size === 0) rooms.delete(document)
  })
  ws.on('error', () => ws.terminate())
})
const server = http.createServer()
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request))
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
process.on('SIGTERM', () => process.exit(0))
