/**
 * In what order messages are shown: rules O1-O6 of SPEC.md. A pure function of what the messages say of themselves and of
 * what was selected, so that replicas which hold the same messages show the same order. No recursion: a conversation is
 * one long chain.
 */

export interface OrderNode {
  readonly id: string
  readonly parent: string | null
  readonly replaces: string | null
  readonly createdAt: number
  readonly deletedAt: number | null
}

export interface AlternativesOf {
  readonly group: string
  readonly ids: readonly string[]
  readonly index: number
  readonly continued: readonly string[]
  readonly hidden: number
}

export interface Order {
  readonly shown: readonly string[]
  readonly hidden: readonly string[]
  /** By the shown member, for groups of more than one. */
  readonly alternatives: ReadonlyMap<string, AlternativesOf>
}

interface Group {
  readonly id: string
  /** Oldest first. */
  readonly members: OrderNode[]
  /** Whose parent and time place the group: the original, or the oldest member while the original is not here. */
  anchor: OrderNode
}

export function compareNodes(a: { createdAt: number; id: string }, b: { createdAt: number; id: string }): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

export function orderMessages(nodes: Iterable<OrderNode>, selected: ReadonlyMap<string, string>): Order {
  const byId = new Map<string, OrderNode>()
  for (const node of nodes) byId.set(node.id, node)
  const groupIds = resolveGroups(byId)
  const groups = collectGroups(byId, groupIds)
  const children = placeGroups(byId, groupIds, groups)
  return walk(children, selected)
}

/** The group that each message belongs to: where following `replaces` ends. A message on a cycle of `replaces` stands for itself. */
export function resolveGroups(byId: ReadonlyMap<string, OrderNode>): Map<string, string> {
  const target = (id: string): string | null => byId.get(id)?.replaces ?? null
  const cyclic = onCycles(byId.keys(), target)
  const groups = new Map<string, string>()
  for (const start of byId.keys()) {
    const path: string[] = []
    let id = start
    let group = groups.get(id)
    while (group === undefined) {
      const next = cyclic.has(id) ? null : target(id)
      path.push(id)
      if (next === null) group = id
      else {
        id = next
        group = groups.get(id)
      }
    }
    for (const member of path) groups.set(member, group)
  }
  return groups
}

/** Which ids lie on a cycle of a graph in which each id has one successor at most. */
function onCycles(ids: Iterable<string>, next: (id: string) => string | null): Set<string> {
  const cyclic = new Set<string>()
  const visit = new Map<string, number>()
  let round = 0
  for (const start of ids) {
    round++
    let id: string | null = start
    while (id !== null && !visit.has(id)) {
      visit.set(id, round)
      id = next(id)
    }
    if (id === null || visit.get(id) !== round || cyclic.has(id)) continue
    const first = id
    do {
      cyclic.add(id)
      id = next(id) as string
    } while (id !== first)
  }
  return cyclic
}

/** In the order of their anchors, so that handing them out gives each parent its children sorted. */
function collectGroups(byId: ReadonlyMap<string, OrderNode>, groupIds: ReadonlyMap<string, string>): Group[] {
  const groups = new Map<string, Group>()
  for (const node of [...byId.values()].sort(compareNodes)) {
    const id = groupIds.get(node.id) as string
    const group = groups.get(id)
    if (group === undefined) groups.set(id, { id, members: [node], anchor: node })
    else group.members.push(node)
    if (node.id === id) (groups.get(id) as Group).anchor = node
  }
  return [...groups.values()].sort((a, b) => compareNodes(a.anchor, b.anchor))
}

/** The groups below each message; below the empty key those at the root (O4). */
function placeGroups(
  byId: ReadonlyMap<string, OrderNode>,
  groupIds: ReadonlyMap<string, string>,
  groups: readonly Group[],
): Map<string | null, Group[]> {
  const parentGroup = new Map<string, string>()
  for (const group of groups) {
    const parent = group.anchor.parent
    if (parent !== null && byId.has(parent)) parentGroup.set(group.id, groupIds.get(parent) as string)
  }
  const cyclic = onCycles(parentGroup.keys(), (id) => parentGroup.get(id) ?? null)
  const children = new Map<string | null, Group[]>()
  for (const group of groups) {
    const parent = parentGroup.has(group.id) && !cyclic.has(group.id) ? group.anchor.parent : null
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [group])
    else siblings.push(group)
  }
  return children
}

/** O3: what was selected; else the newest that was not deleted; else the newest. */
function choose(group: Group, selected: ReadonlyMap<string, string>): OrderNode {
  const wanted = selected.get(group.id)
  return (
    (wanted === undefined ? undefined : group.members.find((node) => node.id === wanted)) ??
    group.members.findLast((node) => node.deletedAt === null) ??
    (group.members.at(-1) as OrderNode)
  )
}

function walk(children: ReadonlyMap<string | null, Group[]>, selected: ReadonlyMap<string, string>): Order {
  const shown: string[] = []
  const hidden: string[] = []
  const alternatives = new Map<string, AlternativesOf>()
  const stack: Group[] = []
  const push = (groups: readonly Group[] | undefined): void => {
    if (groups !== undefined) for (let i = groups.length - 1; i >= 0; i--) stack.push(groups[i] as Group)
  }
  push(children.get(null))
  for (let group = stack.pop(); group !== undefined; group = stack.pop()) {
    const chosen = choose(group, selected)
    shown.push(chosen.id)
    if (group.members.length > 1) {
      const hiddenBefore = hidden.length
      const continued: string[] = []
      for (const member of group.members) {
        if (member !== chosen && hide(member.id, children, hidden) > 1) continued.push(member.id)
      }
      alternatives.set(chosen.id, {
        group: group.id,
        ids: group.members.map((node) => node.id),
        index: group.members.indexOf(chosen),
        continued,
        hidden: hidden.length - hiddenBefore,
      })
    }
    push(children.get(chosen.id))
  }
  return { shown, hidden, alternatives }
}

/** Puts a message and everything below it among the hidden ones; says how many that were. */
function hide(id: string, children: ReadonlyMap<string | null, Group[]>, hidden: string[]): number {
  const before = hidden.length
  const stack = [id]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    hidden.push(next)
    const groups = children.get(next) ?? []
    for (let i = groups.length - 1; i >= 0; i--) {
      const members = (groups[i] as Group).members
      for (let j = members.length - 1; j >= 0; j--) stack.push((members[j] as OrderNode).id)
    }
  }
  return hidden.length - before
}
