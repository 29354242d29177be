"""The compiled scanner: one pass over a block of an XML file that finds its values, rows and anomalies."""

from __future__ import annotations

from pipelines.formats.xml_gather import code_width, reference
from pipelines.formats.xml_kernel import (
    AFTER_ROOT,
    ANOMALIES,
    BEFORE_ROOT,
    BRACKET,
    BRACKET_END,
    CYRILLIC,
    DEPTH,
    DISORDERED,
    GIVE_UP,
    GROUPS,
    GT,
    HIGH,
    ILLEGAL,
    IN_ROOT,
    LEAVES,
    LT,
    PHASE,
    PLAIN,
    PREVIOUS,
    REFERENCE,
    REPEATED,
    RETURN,
    ROWS,
    SERIAL,
    SLASH,
    TAG,
    UNKNOWN,
    UTF8_SO_FAR,
    Alphabet,
    Bytes,
    Found,
    Memory,
    Plan,
    compiled,
)


@compiled
def utf8_length(buffer: Bytes, at: int) -> int:
    """Bytes of the UTF-8 sequence beyond ASCII at a place; 0 where there is none."""
    lead, second = buffer[at], buffer[at + 1]
    if lead < 0xC2 or lead > 0xF4 or second & 0xC0 != 0x80:
        return 0
    if lead < 0xE0:
        return 2
    if buffer[at + 2] & 0xC0 != 0x80:
        return 0
    if lead < 0xF0:
        return 0 if (lead == 0xE0 and second < 0xA0) or (lead == 0xED and second > 0x9F) else 3
    if buffer[at + 3] & 0xC0 != 0x80 or (lead == 0xF0 and second < 0x90) or (lead == 0xF4 and second > 0x8F):
        return 0
    return 4


@compiled
def text_end(buffer: Bytes, start: int, alphabet: Alphabet, memory: Memory) -> tuple[int, int, int]:
    """Text up to the next ``<``: its end (GIVE_UP when in doubt), its bytes as UTF-8, whether it is special."""
    kind = alphabet.kind
    i = start
    growth = 0
    special = 0
    while True:
        k = kind[buffer[i]]
        if k == PLAIN:
            i += 1
        elif k == TAG:
            break
        elif k == HIGH:
            length = 1
            if alphabet.utf8:
                length = utf8_length(buffer, i)
                if length == 0 or (buffer[i] == 0xEF and buffer[i + 1] == 0xBF and buffer[i + 2] >= 0xBE):
                    return GIVE_UP, 0, 0
            else:
                if memory.scalars[UTF8_SO_FAR]:
                    length = utf8_length(buffer, i)
                    if length == 0:
                        memory.scalars[UTF8_SO_FAR] = 0
                        length = 1
                    elif buffer[i] == 0xD0 or buffer[i] == 0xD1:
                        memory.scalars[CYRILLIC] = 1
                for j in range(i, i + length):
                    if kind[buffer[j]] == ILLEGAL:
                        return GIVE_UP, 0, 0
                    growth += alphabet.width[buffer[j]] - 1
            i += length
        elif k == REFERENCE:
            code, after = reference(buffer, i)
            if code < 0:
                return GIVE_UP, 0, 0
            growth += code_width(code) - (after - i)
            special = 1
            i = after
        elif k == BRACKET:
            if buffer[i + 1] == BRACKET_END and buffer[i + 2] == GT:
                return GIVE_UP, 0, 0
            i += 1
        elif k == RETURN:
            special = 1
            if buffer[i + 1] == 10:
                growth -= 1
            i += 1
        else:
            return GIVE_UP, 0, 0
    if i - start > alphabet.text_limit:
        return GIVE_UP, 0, 0
    return i, i - start + growth, special


@compiled
def _name_end(buffer: Bytes, start: int, named: Bytes) -> int:
    """End of the name that begins here; GIVE_UP where none does."""
    if named[buffer[start]] != 1:
        return GIVE_UP
    i = start + 1
    while named[buffer[i]]:
        i += 1
    return i


@compiled
def _tag_end(buffer: Bytes, name_end: int) -> tuple[int, bool]:
    """Place after a start tag whose name ends here, GIVE_UP at attributes and the like; whether the element is empty."""
    i = name_end
    while buffer[i] == 32 or buffer[i] == 10 or buffer[i] == 13 or buffer[i] == 9:
        i += 1
    if buffer[i] == GT:
        return i + 1, False
    if buffer[i] == SLASH and buffer[i + 1] == GT:
        return i + 2, True
    return GIVE_UP, False


@compiled
def _is(buffer: Bytes, at: int, names: Bytes, start: int, size: int) -> bool:
    for k in range(size):  # noqa: SIM110 - compiled
        if buffer[at + k] != names[start + k]:
            return False
    return True


@compiled
def _skip(buffer: Bytes, name: int, name_end: int, alphabet: Alphabet, memory: Memory) -> tuple[int, int, int]:
    """Place after the element whose name is given, and its text where it has no elements inside (start -1 otherwise)."""
    skipped = memory.skipped
    i, empty = _tag_end(buffer, name_end)
    if i < 0 or empty:
        return i, i, i
    skipped[0, 0] = name
    skipped[0, 1] = name_end - name
    depth = 1
    text = i
    while True:
        i = text_end(buffer, i, alphabet, memory)[0]
        if i < 0:
            return GIVE_UP, -1, -1
        if buffer[i + 1] == SLASH:
            depth -= 1
            size = skipped[depth, 1]
            if not _is(buffer, i + 2, buffer, skipped[depth, 0], size) or buffer[i + 2 + size] != GT:
                return GIVE_UP, -1, -1
            if depth == 0:
                return i + 3 + size, text, i
            i += 3 + size
            continue
        text = -1
        name = i + 1
        name_end = _name_end(buffer, name, alphabet.name)
        if name_end < 0:
            return GIVE_UP, -1, -1
        i, empty = _tag_end(buffer, name_end)
        if i < 0 or memory.scalars[DEPTH] + depth + 1 >= alphabet.depth_limit:
            return GIVE_UP, -1, -1
        if not empty:
            skipped[depth, 0] = name
            skipped[depth, 1] = name_end - name
            depth += 1


@compiled
def _child(buffer: Bytes, name: tuple[int, int], parent: int, plan: Plan) -> int:
    """Node of the child of ``parent`` whose name stands between two places, -1 if it has none."""
    size = name[1] - name[0]
    for k in range(plan.first_child[parent], plan.first_child[parent + 1]):
        node = int(plan.child[k])
        if plan.name_size[node] == size and _is(buffer, name[0], plan.names, plan.name_at[node], size):
            return node
    return -1


@compiled
def _open(node: int, memory: Memory) -> None:
    depth = memory.scalars[DEPTH]
    memory.scalars[SERIAL] += 1
    memory.node[depth] = node
    memory.serial[depth] = memory.scalars[SERIAL]
    memory.latest[depth] = 0
    memory.disordered[depth] = 0
    memory.scalars[DEPTH] = depth + 1


@compiled
def _tell(kind: int, node: int, span: tuple[int, int, int, int], plan: Plan, memory: Memory, found: Found) -> None:
    group = memory.node[memory.scalars[DEPTH] - 1]
    n = found.counts[ANOMALIES]
    found.anomaly[n, 0] = kind
    found.anomaly[n, 1] = node
    found.anomaly[n, 2] = group
    found.anomaly[n, 3] = memory.rows[plan.table[group]] - 1 if plan.table[group] >= 0 else -1
    for k in range(4):
        found.anomaly[n, 4 + k] = span[k]
    found.counts[ANOMALIES] = n + 1


@compiled
def _row(node: int, offset: int, plan: Plan, memory: Memory, found: Found) -> None:
    """A new row of the table that the node heads."""
    table = plan.table[node]
    n = found.counts[ROWS]
    found.row[n, 0] = table
    found.row[n, 1] = memory.rows[plan.parent_table[node]] - 1 if plan.parent_table[node] >= 0 else -1
    found.row[n, 2] = offset
    found.counts[ROWS] = n + 1
    memory.rows[table] += 1


@compiled
def scan(buffer: Bytes, size: int, plan: Plan, alphabet: Alphabet, memory: Memory, found: Found) -> int:
    """Go through a block that ends between two tags; 0, or GIVE_UP.

    ``size`` is the length without the sentinel. Fills ``found`` and carries ``memory`` on.
    """
    # Arrays are taken out of their tuples, and the usual case of each step is written out, because in the inner loop a call
    # with a tuple costs more than the step itself.
    kind, named = alphabet.kind, alphabet.name
    scalars, open_node, serial, latest, disordered = (
        memory.scalars, memory.node, memory.serial, memory.latest, memory.disordered,
    )  # fmt: skip
    seen, follow, rows, base = memory.seen, memory.follow, memory.rows, memory.base
    names, name_at, name_size, is_group, is_head = plan.names, plan.name_at, plan.name_size, plan.group, plan.head
    repeated, table_of, column_of = plan.repeated, plan.table, plan.column
    found_leaf, found_special, found_group = found.leaf, found.special, found.group
    counts, filled, sizes = found.counts, found.filled, found.size
    counts[:] = 0
    filled[:] = 0
    sizes[:] = 0
    base[:] = rows
    leaves = 0
    i = 0
    while True:
        while buffer[i] == 32 or buffer[i] == 10 or buffer[i] == 13 or buffer[i] == 9:
            i += 1
        if i >= size:
            counts[LEAVES] = leaves
            return 0 if i == size else GIVE_UP
        if buffer[i] != LT:
            return GIVE_UP
        name = i + 1
        depth = scalars[DEPTH]
        if depth == 0:
            if scalars[PHASE] != BEFORE_ROOT or not _is(buffer, name, names, name_at[0], name_size[0]):
                return GIVE_UP
            i, empty = _tag_end(buffer, name + name_size[0])
            if i < 0:
                return GIVE_UP
            scalars[PHASE] = AFTER_ROOT if empty else IN_ROOT
            if not empty:
                _open(0, memory)
                scalars[PREVIOUS] = len(is_group)
            continue
        if buffer[name] == SLASH:
            node = open_node[depth - 1]
            length = name_size[node]
            if not _is(buffer, name + 1, names, name_at[node], length) or buffer[name + 1 + length] != GT:
                return GIVE_UP
            i = name + 2 + length
            scalars[DEPTH] = depth - 1
            scalars[PREVIOUS] = node
            if depth == 1:
                scalars[PHASE] = AFTER_ROOT
            continue
        node = follow[scalars[PREVIOUS]]
        name_end = name
        if node >= 0:
            k = name_at[node]
            last = k + name_size[node]
            while k < last and buffer[name_end] == names[k]:
                k += 1
                name_end += 1
            if k < last or named[buffer[name_end]]:
                node = -1
        if node < 0:
            name_end = _name_end(buffer, name, named)
            if name_end < 0:
                return GIVE_UP
            node = _child(buffer, (name, name_end), open_node[depth - 1], plan)
        if node < 0 or (seen[node] == serial[depth - 1] and not repeated[node]):
            i, text, text_stop = _skip(buffer, name, name_end, alphabet, memory)
            if i < 0:
                return GIVE_UP
            _tell(UNKNOWN if node < 0 else REPEATED, node, (name, name_end, text, text_stop), plan, memory, found)
            continue
        follow[scalars[PREVIOUS]] = node
        scalars[PREVIOUS] = node
        seen[node] = serial[depth - 1]
        if node >= latest[depth - 1]:
            latest[depth - 1] = node
        elif not disordered[depth - 1]:
            disordered[depth - 1] = 1
            _tell(DISORDERED, node, (name, name_end, -1, -1), plan, memory, found)
        empty = False
        if buffer[name_end] == GT:
            i = name_end + 1
        else:
            i, empty = _tag_end(buffer, name_end)
            if i < 0:
                return GIVE_UP
        if is_head[node]:
            _row(node, name - 1, plan, memory, found)
        table = table_of[node]
        row = rows[table] - base[table] - 1
        column = column_of[node]
        if row < 0:
            return GIVE_UP
        if is_group[node]:
            if not is_head[node]:
                n = counts[GROUPS]
                found_group[n, 0] = column
                found_group[n, 1] = row
                counts[GROUPS] = n + 1
            if not empty:
                _open(node, memory)
                scalars[PREVIOUS] = node + len(is_group)
            continue
        start = i
        end = i
        wide = 0
        special = 0
        if not empty:
            while kind[buffer[end]] == PLAIN:
                end += 1
            if buffer[end] == LT and end - start <= alphabet.text_limit:
                wide = end - start
            else:
                end, wide, special = text_end(buffer, start, alphabet, memory)
                if end < 0:
                    return GIVE_UP
            if buffer[end + 1] != SLASH:
                return GIVE_UP
            i = end + 2
            for k in range(name, name_end):
                if buffer[i] != buffer[k]:
                    return GIVE_UP
                i += 1
            if buffer[i] != GT:
                return GIVE_UP
            i += 1
        found_leaf[leaves, 0] = column
        found_leaf[leaves, 1] = row
        found_leaf[leaves, 2] = start
        found_leaf[leaves, 3] = end - start
        found_leaf[leaves, 4] = wide
        found_special[leaves] = special
        leaves += 1
        filled[column] += 1
        sizes[column] += wide
