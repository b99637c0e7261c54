import type { ClientFrame, RelayFrame } from '../../src/index.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/**
 * Every frame of version 1 once, with its bytes: the wire is frozen by them. A change here breaks every client that exists; a new
 * version gets frames of its own, below.
 */
export const CLIENT_FRAMES: readonly (readonly [string, ClientFrame, string])[] = [
  [
    'hello',
    {
      kind: 'hello',
      minVersion: 1,
      maxVersion: 2,
      client: 'w1',
      agent: 'web/0.1',
      token: 'secret',
      incarnation: 'inc',
      cursor: 300,
    },
    '010102027731077765622f302e310673656372657403696e63ac02',
  ],
  ['renew', { kind: 'renew', token: 'other' }, '02056f74686572'],
  [
    'open to watch',
    { kind: 'open', channel: 1, document: 'doc', epoch: 'e1', seq: 128, mode: 'watch', stateVector: bytes(1, 5, 9) },
    '030103646f6302653180010003010509',
  ],
  [
    'open to exchange',
    { kind: 'open', channel: 2, document: 'doc', epoch: '', seq: 0, mode: 'exchange', stateVector: bytes(0) },
    '030203646f630000010100',
  ],
  ['close', { kind: 'close', channel: 3 }, '0403'],
  ['message', { kind: 'message', channel: 200, bytes: bytes(0, 2, 2, 0, 0) }, '10c801050002020000'],
  ['answer', { kind: 'answer', channel: 1 }, '0a01'],
  ['piece', { kind: 'piece', channel: 1, offset: 3, total: 9, bytes: bytes(7, 8, 9) }, '1101030903070809'],
  ['piece that gives up', { kind: 'piece', channel: 1, offset: 0, total: 0, bytes: bytes() }, '1101000000'],
  [
    'summary',
    { kind: 'summary', request: 4, document: 'doc', epoch: 'e1', summary: bytes(1, 2) },
    '050403646f63026531020102',
  ],
  ['purge', { kind: 'purge', request: 5, document: 'doc', epoch: 'e1' }, '060503646f63026531'],
  [
    'lease acquire',
    { kind: 'lease', channel: 1, request: 6, key: 'turn', operation: 'acquire', ttl: 10_000, fencing: 0 },
    '070106047475726e00904e00',
  ],
  [
    'lease renew',
    { kind: 'lease', channel: 1, request: 7, key: 'turn', operation: 'renew', ttl: 1, fencing: 9 },
    '070107047475726e010109',
  ],
  [
    'lease release',
    { kind: 'lease', channel: 1, request: 8, key: 'turn', operation: 'release', ttl: 0, fencing: 9 },
    '070108047475726e020009',
  ],
  ['stop', { kind: 'stop', channel: 1, request: 9, key: 'turn' }, '080109047475726e'],
  ['ping', { kind: 'ping', id: 1 }, '0901'],
]

export const RELAY_FRAMES: readonly (readonly [string, RelayFrame, string])[] = [
  [
    'welcome',
    {
      kind: 'welcome',
      version: 1,
      incarnation: 'inc',
      follows: false,
      role: 'write',
      expiresIn: 3600,
      head: 300,
      limits: { message: 67_108_864, piece: 65_536, channels: 1024, summary: 2048 },
    },
    '200103696e630001901cac028080802080800480088010',
  ],
  ['renewed', { kind: 'renewed', role: 'admin', expiresIn: 0 }, '210200'],
  [
    'opened',
    { kind: 'opened', channel: 1, epoch: 'e1', seq: 7, role: 'read', stateVector: bytes(1, 5, 9) },
    '2201026531070003010509',
  ],
  ['refused', { kind: 'refused', channel: 1, code: 410, epoch: 'e1', text: 'gone' }, '23019a0302653104676f6e65'],
  ['closed', { kind: 'closed', channel: 1, code: 200, text: '' }, '2401c80100'],
  ['message', { kind: 'message', channel: 1, bytes: bytes(1, 1, 0) }, '100103010100'],
  ['update', { kind: 'update', channel: 1, seq: 8, update: bytes(0, 0) }, '250108020000'],
  ['at', { kind: 'at', channel: 1, seq: 8 }, '260108'],
  ['ack', { kind: 'ack', channel: 1, upTo: 3, seq: 8, refused: [] }, '2701030800'],
  [
    'ack with refusals',
    {
      kind: 'ack',
      channel: 1,
      upTo: 3,
      seq: 0,
      refused: [
        { n: 1, code: 412 },
        { n: 3, code: 422 },
      ],
    },
    '2701030002019c0303a603',
  ],
  ['resync', { kind: 'resync', channel: 1, stateVector: bytes(0) }, '28010100'],
  ['piece', { kind: 'piece', channel: 0, offset: 0, total: 4, bytes: bytes(1, 2) }, '11000004020102'],
  [
    'feed',
    {
      kind: 'feed',
      after: 1,
      upTo: 9,
      head: 200,
      reset: 0,
      entries: [
        { document: 'a', number: 2, epoch: 'e1', seq: 3, purged: false, summary: bytes(5) },
        { document: 'b', number: 9, epoch: 'e2', seq: 0, purged: true, summary: null },
      ],
    },
    '290109c8010002016102026531030201050162090265320001',
  ],
  ['feed that begins again', { kind: 'feed', after: 0, upTo: 0, head: 0, reset: 421, entries: [] }, '29000000a50300'],
  [
    'leased',
    { kind: 'leased', channel: 1, request: 6, key: 'turn', holder: 'w1', fencing: 9, ttl: 10_000 },
    '2a0106047475726e02773109904e',
  ],
  [
    'leased by nobody',
    { kind: 'leased', channel: 1, request: 0, key: 'turn', holder: '', fencing: 9, ttl: 0 },
    '2a0100047475726e000900',
  ],
  ['stopRequested', { kind: 'stopRequested', channel: 1, key: 'turn', by: 'w2' }, '2b01047475726e027732'],
  ['done', { kind: 'done', request: 4, feed: 301 }, '2c04ad02'],
  ['failed', { kind: 'failed', request: 4, code: 413, text: 'big' }, '2d049d0303626967'],
  ['pong', { kind: 'pong', id: 1 }, '2e01'],
]

/** What version 2 says otherwise. Everything else has the bytes of version 1. */
export const CLIENT_FRAMES_2: readonly (readonly [string, ClientFrame, string])[] = [
  [
    'hello that was told something',
    {
      kind: 'hello',
      minVersion: 1,
      maxVersion: 2,
      client: 'w1',
      agent: 'web/0.1',
      token: 'secret',
      incarnation: 'inc',
      cursor: 300,
      reach: 1000,
    },
    '010102027731077765622f302e310673656372657403696e63ac02e807',
  ],
]

export const RELAY_FRAMES_2: readonly (readonly [string, RelayFrame, string])[] = [
  [
    'welcome',
    {
      kind: 'welcome',
      version: 2,
      incarnation: 'inc',
      follows: true,
      role: 'write',
      expiresIn: 3600,
      head: 300,
      limits: { message: 67_108_864, piece: 65_536, channels: 1024, summary: 2048 },
      until: 1000,
    },
    '200203696e630101901cac028080802080800480088010e807',
  ],
  [
    'refused',
    { kind: 'refused', channel: 1, code: 410, epoch: 'e1', text: 'gone', reach: 1000 },
    '23019a0302653104676f6e65e807',
  ],
  ['closed', { kind: 'closed', channel: 1, code: 200, text: '', reach: 5 }, '2401c8010005'],
  ['update', { kind: 'update', channel: 1, seq: 8, update: bytes(0, 0), reach: 1000 }, '250108020000e807'],
  ['at', { kind: 'at', channel: 1, seq: 8, reach: 1000 }, '260108e807'],
  ['ack', { kind: 'ack', channel: 1, upTo: 3, seq: 8, refused: [], reach: 1000 }, '2701030800e807'],
  [
    'ack with refusals',
    { kind: 'ack', channel: 1, upTo: 3, seq: 0, refused: [{ n: 1, code: 412 }], reach: 9 },
    '2701030001019c0309',
  ],
  [
    'feed',
    {
      kind: 'feed',
      after: 1,
      upTo: 9,
      head: 200,
      reset: 0,
      entries: [{ document: 'a', number: 2, epoch: 'e1', seq: 3, purged: false, summary: bytes(5) }],
      reach: 1000,
    },
    '290109c801000101610202653103020105e807',
  ],
  ['done', { kind: 'done', request: 4, feed: 301, reach: 1000 }, '2c04ad02e807'],
  ['failed', { kind: 'failed', request: 4, code: 413, text: 'big', reach: 0 }, '2d049d030362696700'],
]
