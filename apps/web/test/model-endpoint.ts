import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface ChatRequest {
  readonly model: string
  readonly messages: readonly { role: string; content: unknown }[]
}

/** One answer under way: the test says each token, so that nothing depends on time. */
export class Answering {
  readonly request: ChatRequest
  private readonly response: ServerResponse

  constructor(request: ChatRequest, response: ServerResponse) {
    this.request = request
    this.response = response
    response.writeHead(200, { 'content-type': 'text/event-stream', 'access-control-allow-origin': '*' })
  }

  private chunk(delta: object, finish: string | null, rest: object = {}): void {
    const body = {
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: this.request.model,
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...rest,
    }
    this.response.write(`data: ${JSON.stringify(body)}\n\n`)
  }

  say(text: string): void {
    this.chunk({ role: 'assistant', content: text }, null)
  }

  end(): void {
    this.chunk({}, 'stop', { usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } })
    this.response.end('data: [DONE]\n\n')
  }

  /** Resolves when the browser has hung up, as Stop makes it. */
  async hungUp(): Promise<void> {
    if (!this.response.destroyed) await once(this.response, 'close')
  }
}

/** A real HTTP server that speaks the OpenAI chat completions API and answers as a test tells it to. */
export class ModelEndpoint {
  readonly url: string
  private readonly server: Server
  private readonly waiting: ((answering: Answering) => void)[] = []
  private readonly arrived: Answering[] = []

  private constructor(server: Server) {
    this.server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  }

  static async start(): Promise<ModelEndpoint> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const endpoint = new ModelEndpoint(server)
    server.on('request', (request, response) => void endpoint.handle(request, response))
    return endpoint
  }

  /** The next question that a page asks. */
  asked(): Promise<Answering> {
    const ready = this.arrived.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'OPTIONS') {
      response.writeHead(204, {
        'access-control-allow-origin': '*',
        'access-control-allow-headers': '*',
        'access-control-allow-methods': '*',
      })
      response.end()
      return
    }
    if (request.url === '/v1/models') {
      response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' })
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'by-hand', object: 'model' }] }))
      return
    }
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const answering = new Answering(JSON.parse(text) as ChatRequest, response)
    const first = this.waiting.shift()
    if (first === undefined) this.arrived.push(answering)
    else first(answering)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }
}
