"""Which few sources have everything between them: sets of bits.

Where opening costs most, the linear relaxation opens parts of sources and is far from the truth. That no two or three
sources have between them all that must be served is quickly seen, though, and those that have are quickly listed.
"""

from bisect import bisect_left
from collections.abc import Sequence

from services.routing.domain.solver.bound import Node
from services.routing.domain.solver.instance import Instance

# (bits so far, what they cost, wants left with the rarest first, bits that may still be taken)
_State = tuple[tuple[int, ...], int, list[int], int]


def listed(
    instance: Instance, node: Node, wants: Sequence[int], budget: float, steps: int
) -> tuple[list[tuple[int, ...]], bool]:
    """Return the sets of rows of this node, by place, as many as it allows, that have some of each of these wants and
    cost less than the budget to open, and whether these are all: the steps may run out."""
    listing = _Listing(instance, node, wants, budget, steps)
    complete = listing.run()
    order = listing.order
    return [tuple([order[bit] for bit in one]) for one in listing.found], complete


class _Listing:
    """Rows are bits in the order of what it costs to open them, so that those that can be afforded are the lowest."""

    def __init__(self, instance: Instance, node: Node, wants: Sequence[int], budget: float, steps: int) -> None:
        self._node, self._budget, self._steps = node, budget, steps
        columns = instance.columns
        openings = [min([columns[number].fixed for number in row.columns]) for row in node.rows]
        self.order = sorted(range(len(openings)), key=openings.__getitem__)
        self._openings = sorted(openings)
        # The wants that a bit has, and the bits that have a want.
        self._has: list[int] = []
        self._holders = dict.fromkeys(wants, 0)
        for bit, place in enumerate(self.order):
            mine = 0
            for number in node.rows[place].columns:
                for want, _, _ in columns[number].entries:
                    mine |= 1 << want
            self._has.append(mine)
            for want in wants:
                if mine >> want & 1:
                    self._holders[want] |= 1 << bit
        self.found: list[tuple[int, ...]] = []

    def run(self) -> bool:
        """List depth first; return False where the steps run out."""
        holders, has, openings, low = self._holders, self._has, self._openings, self._node.low
        stack = [self._start()]
        while stack:
            taken, spent, left, free = stack.pop()
            self._steps -= 1
            if self._steps < 0:
                return False
            room = self._node.high - len(taken)
            if not left and len(taken) >= low:
                self.found.append(taken)
            # Others may be needed to be enough, or be cheaper than nothing.
            others = openings[0] * (max(0, low - len(taken) - 1) if openings[0] >= 0 else room - 1)
            free &= (1 << bisect_left(openings, self._budget - spent - others)) - 1
            if room <= 1:
                if room == 1 and len(taken) + 1 >= low:
                    self._last(taken, left, free)
                continue
            choices = holders[left[0]] & free if left else free
            while choices:
                bit = choices.bit_length() - 1
                choices ^= 1 << bit
                # A set is listed under the first of its bits that is tried.
                free ^= 1 << bit
                mine = has[bit]
                rest = [want for want in left if not mine >> want & 1]
                stack.append(((*taken, bit), spent + openings[bit], rest, free))
        return self._steps >= 0

    def _start(self) -> _State:
        musts = [bit for bit, place in enumerate(self.order) if self._node.rows[place].must]
        had, free = 0, (1 << len(self.order)) - 1
        for bit in musts:
            had |= self._has[bit]
            free ^= 1 << bit
        left = [want for want in self._holders if not had >> want & 1]
        left.sort(key=lambda want: (self._holders[want].bit_count(), want))
        return tuple(musts), sum([self._openings[bit] for bit in musts]), left, free

    def _last(self, taken: tuple[int, ...], left: Sequence[int], free: int) -> None:
        """List the sets that one more bit makes, which must have all that is left."""
        for want in left:
            free &= self._holders[want]
            if not free:
                return
        self._steps -= free.bit_count()
        while free and self._steps >= 0:
            bit = free.bit_length() - 1
            free ^= 1 << bit
            self.found.append((*taken, bit))
