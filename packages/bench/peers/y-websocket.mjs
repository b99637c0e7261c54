// y-websocket's own server over y-leveldb, as its `server.js` runs it, but on a free port that it tells.
import http from 'node:http'

const [, , directory] = process.argv
process.env.YPERSISTENCE = directory
const { setupWSConnection } = await import('@y/websocket-server/utils')
const { WebSocketServer } = await import('ws')

const sockets = new WebSocketServer({ noServer: true })
sockets.on('connection', setupWSConnection)
const server = http.createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain' })
  response.end('okay')
})
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request))
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
process.on('SIGTERM', () => process.exit(0))
