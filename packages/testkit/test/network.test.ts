import {
  createNetwork,
  createProcess,
  createSchedule,
  type ServerListener,
  type ServerWire,
  seededRandom,
} from '@holdfast/testkit'
import { expect, test } from 'vitest'

/** A client and a server that notes what it hears and answers with the same. */
function pair() {
  const schedule = createSchedule()
  const network = createNetwork(schedule)
  const random = seededRandom(3)
  const server = createProcess('server')
  const client = createProcess('client')
  const heard: number[] = []
  const closed: number[] = []
  const wires: ServerWire[] = []
  network.listen('there', {
    process: server,
    upgrade: (request) =>
      request.accept((wire): ServerListener => {
        wires.push(wire)
        return {
          message: (bytes) => {
            heard.push(bytes[0]!)
            wire.send(bytes, true)
          },
          textMessage: () => undefined,
          pong: () => undefined,
          drained: () => undefined,
          closed: (code) => closed.push(code),
        }
      }),
    request: () => undefined,
  })
  const host = network.host(client, () => true)
  const socket = new host.WebSocket('ws://there/path')
  const told: string[] = []
  socket.onopen = () => told.push('open')
  socket.onmessage = (event) => told.push(String(new Uint8Array(event.data)[0]))
  socket.onclose = (event) => told.push(`close ${event.code}`)
  const settle = (): void => {
    while (schedule.step(random));
  }
  return { schedule, random, server, client, heard, closed, wires, host, socket, told, settle }
}

test('messages of one direction keep their order', () => {
  const { socket, settle, heard, told } = pair()
  settle()
  for (let n = 1; n <= 20; n++) socket.send(Uint8Array.of(n))
  settle()
  expect(heard).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  expect(told).toEqual(['open', ...heard.map(String)])
})

test('what is cut is lost from some message on, and both are told', () => {
  const { socket, settle, heard, told, closed, host, random } = pair()
  settle()
  for (let n = 1; n <= 20; n++) socket.send(Uint8Array.of(n))
  host.cut(random)
  settle()
  expect(heard).toEqual(Array.from({ length: heard.length }, (_, i) => i + 1))
  expect(heard.length).toBeLessThan(20)
  expect(told.at(-1)).toBe('close 1006')
  expect(closed).toEqual([1006])
})

test('a connection that was cut without a word is there, and carries nothing', () => {
  const { socket, settle, heard, told, host, random } = pair()
  settle()
  expect(Array.from(host.links, ({ isCut }) => isCut)).toEqual([false])
  host.cut(random, { clientIsTold: false, serverIsTold: false })
  expect(Array.from(host.links, ({ isCut }) => isCut)).toEqual([true])
  socket.send(Uint8Array.of(1))
  settle()
  expect({ heard, told }).toEqual({ heard: [], told: ['open'] })
})

test('a process that dies is heard of and hears nothing', () => {
  const dead = pair()
  dead.settle()
  dead.server.kill()
  dead.settle()
  expect(dead.told).toEqual(['open', 'close 1006'])
  const other = pair()
  other.settle()
  other.socket.send(Uint8Array.of(1))
  other.client.kill()
  other.settle()
  expect(other.heard).toEqual([1])
  expect(other.told).toEqual(['open'])
  expect(other.closed).toEqual([1006])
})

test('a process dies at the touch that was named, and not before', () => {
  const process = createProcess('p')
  process.dieAt(3)
  expect([process.touch(), process.touch(), process.touch(), process.touch()]).toEqual([true, true, false, false])
})
