// Hocuspocus with its SQLite extension. better-sqlite3 comes without a binary and compiling one takes a minute, so the extension is given the
// SQLite that is in Node, which has the calls that it makes.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SQLite } from '@hocuspocus/extension-sqlite'
import { Server } from '@hocuspocus/server'

const [, , directory] = process.argv

class NodeSqlite extends SQLite {
  async onConfigure() {
    this.db = new DatabaseSync(this.configuration.database)
    this.db.exec(this.configuration.schema)
  }
}

const server = new Server({
  port: 0,
  address: '127.0.0.1',
  quiet: true,
  stopOnSignals: true,
  extensions: [new NodeSqlite({ database: join(directory, 'hocuspocus.sqlite') })],
})
await server.listen()
console.log(JSON.stringify({ port: server.address.port }))
