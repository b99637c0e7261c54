import { CLOSE } from '@holdfast/protocol'

const CLOSE_NAMES = new Map<number, string>(Object.entries(CLOSE).map(([name, code]) => [code, name]))

/** Upper bounds of the histogram's buckets, in seconds. */
const BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5]

/** What one look at the process tells. Times in seconds. */
export interface ProcessFigures {
  readonly residentBytes: number
  readonly cpuSeconds: number
  readonly startedAt: number
  /** Longest that the event loop was held since the last look. */
  readonly longestTurn: number
}

/** Times in buckets, as Prometheus counts them. */
class Histogram {
  readonly #buckets = BUCKETS.map(() => 0)
  #seconds = 0
  count = 0

  add(milliseconds: number, times = 1): void {
    this.count += times
    const seconds = milliseconds / 1000
    this.#seconds += seconds * times
    for (let i = BUCKETS.length - 1; i >= 0 && seconds <= BUCKETS[i]!; i--) this.#buckets[i]! += times
  }

  values(): (readonly [string, number])[] {
    return [
      ...BUCKETS.map((bound, i): [string, number] => [`_bucket{le="${bound}"}`, this.#buckets[i]!]),
      ['_bucket{le="+Inf"}', this.count],
      ['_sum', this.#seconds],
      ['_count', this.count],
    ]
  }
}

/** Counts of everything the relay does, in Prometheus' text format (version 0.0.4). */
export class Metrics {
  rooms = 0
  peers = 0
  /** Documents open over shared connections. */
  channels = 0
  /** Updates accepted from peers, and their bytes. */
  updates = 0
  updateBytes = 0
  /** Updates that stock clients were shown before they were durable. */
  shownAhead = 0
  /** Updates accepted that are not durable. */
  unsaved = 0
  appendFailures = 0
  loadFailures = 0
  loads = 0
  /** Documents found damaged and set aside. */
  setAside = 0
  compactions = 0
  compactionsWaiting = 0
  compactionFailures = 0
  gaps = 0
  denied = 0
  /** Frames and bytes handed to sockets. */
  sentFrames = 0
  sentBytes = 0
  /** Updates told to a slow peer joined, or by the difference of states. */
  joinedSends = 0
  caughtUp = 0
  readonly #refusals = new Map<string, number>()
  readonly #closes = new Map<number, number>()
  readonly #heldBack = new Map<string, number>()
  readonly #appends = new Histogram()
  readonly #acks = new Histogram()
  readonly #commits = new Histogram()

  refused(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1)
  }

  /** A connection was closed by the relay; but for its own end that is a refusal. */
  closed(code: number): void {
    this.#closes.set(code, (this.#closes.get(code) ?? 0) + 1)
    const name = CLOSE_NAMES.get(code)
    if (name !== undefined && code !== CLOSE.SHUTTING_DOWN) this.refused(name)
  }

  /** A connection is read more slowly, or not at all for a while. */
  heldBack(reason: string): void {
    this.#heldBack.set(reason, (this.#heldBack.get(reason) ?? 0) + 1)
  }

  appended(milliseconds: number): void {
    this.#appends.add(milliseconds)
  }

  /** So many updates became durable, this long after the first of them was accepted. */
  acknowledged(milliseconds: number, updates: number): void {
    this.unsaved -= updates
    this.#acks.add(milliseconds, updates)
  }

  /** A commit of the storage, its fsync included. */
  committed(milliseconds: number): void {
    this.#commits.add(milliseconds)
  }

  /** @param entering sockets that have not asked for anything yet */
  render(process: ProcessFigures | null = null, entering = 0): string {
    const lines: string[] = []
    const add = (name: string, type: string, help: string, values: readonly (readonly [string, number])[]): void => {
      lines.push(`# HELP holdfast_${name} ${help}`, `# TYPE holdfast_${name} ${type}`)
      for (const [suffix, value] of values) lines.push(`holdfast_${name}${suffix} ${value}`)
    }
    const gauge = (name: string, help: string, value: number): void => add(name, 'gauge', help, [['', value]])
    const counter = (name: string, help: string, value: number): void => add(name, 'counter', help, [['', value]])
    gauge('rooms', 'Documents held open.', this.rooms)
    gauge('peers', 'Connections.', this.peers)
    gauge('channels', 'Documents open over shared connections.', this.channels)
    gauge('handshakes', 'Sockets that have neither finished a request nor shown a token.', entering)
    gauge('unsaved_updates', 'Updates accepted that are not durable yet.', this.unsaved)
    gauge('compactions_waiting', 'Documents that wait to be compacted.', this.compactionsWaiting)
    counter('updates_total', 'Updates accepted from peers.', this.updates)
    counter('update_bytes_total', 'Bytes of updates accepted from peers.', this.updateBytes)
    counter(
      'shown_ahead_total',
      'Updates that stock clients were shown when they were written, before they were durable.',
      this.shownAhead,
    )
    counter('append_failures_total', 'Writes that failed.', this.appendFailures)
    counter('loads_total', 'Documents read from the log.', this.loads)
    counter('load_failures_total', 'Documents that could not be read.', this.loadFailures)
    counter('set_aside_total', 'Documents found damaged and set aside.', this.setAside)
    counter('compactions_total', 'Documents compacted.', this.compactions)
    counter('compaction_failures_total', 'Compactions that failed.', this.compactionFailures)
    counter('gaps_total', 'Updates that built on something missing.', this.gaps)
    counter('denied_total', 'Edits of readers that were dropped.', this.denied)
    counter('sent_frames_total', 'Messages handed to sockets.', this.sentFrames)
    counter('sent_bytes_total', 'Bytes of messages handed to sockets.', this.sentBytes)
    counter('joined_sends_total', 'Messages to slow peers that several updates were joined in.', this.joinedSends)
    counter(
      'caught_up_total',
      'Slow peers that were told the difference of states instead of each update.',
      this.caughtUp,
    )
    add(
      'refusals_total',
      'counter',
      'Everything that was refused, by reason: requests, connections, documents, edits.',
      [...this.#refusals].map(([code, count]) => [`{reason="${code}"}`, count]),
    )
    add(
      'held_back_total',
      'counter',
      'Times that a connection was read more slowly, by reason.',
      [...this.#heldBack].map(([reason, count]) => [`{reason="${reason}"}`, count]),
    )
    add(
      'closes_total',
      'counter',
      'Connections closed by the relay, by close code.',
      [...this.#closes].map(([code, count]) => [`{code="${code}"}`, count]),
    )
    add(
      'append_seconds',
      'histogram',
      'Time from a write being asked of the storage until it is durable.',
      this.#appends.values(),
    )
    add(
      'ack_seconds',
      'histogram',
      'Time from an update being accepted until it is durable, which is when it is acknowledged.',
      this.#acks.values(),
    )
    add(
      'fsync_seconds',
      'histogram',
      'Time that a commit of the storage took to be durable; many writes share one.',
      this.#commits.values(),
    )
    if (process !== null) {
      const { residentBytes, cpuSeconds, startedAt, longestTurn } = process
      lines.push('# HELP process_resident_memory_bytes Memory of the process.')
      lines.push('# TYPE process_resident_memory_bytes gauge', `process_resident_memory_bytes ${residentBytes}`)
      lines.push('# HELP process_cpu_seconds_total Processor time of the process.')
      lines.push('# TYPE process_cpu_seconds_total counter', `process_cpu_seconds_total ${cpuSeconds}`)
      lines.push('# HELP process_start_time_seconds When the process began, in seconds since 1970.')
      lines.push('# TYPE process_start_time_seconds gauge', `process_start_time_seconds ${startedAt}`)
      gauge('longest_turn_seconds', 'Longest that the event loop was held since the last look.', longestTurn)
    }
    return `${lines.join('\n')}\n`
  }
}
