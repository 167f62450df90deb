"""Which items of a maxdiff question are compared in which set: balanced incomplete block designs, one version per interview.

A design is balanced in three ways (Cochran & Cox, *Experimental Designs*, 2nd ed. 1957, chapters 11 and 13; Sawtooth Software, *The
MaxDiff System Technical Paper*, 2013): every item is shown equally often, every pair of items meets equally often, and every item
stands in every place equally often. Item and place counts differ by at most one, always. Where no design has all pairs equal (most
sizes have none), the pairs come as near to it as an exchange of items finds.

Versions are the one design with other items in its places and its sets in another order, drawn by the interview's lots. Each
is as balanced as the design itself, and over all interviews every item meets every other, and every place, equally often.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations, product
from typing import Any

from services.ingestion.domain.survey.ordering import lot
from services.ingestion.domain.survey.questions import MaxDiffSet

Sets = tuple[tuple[int, ...], ...]
"""Per set the numbers of its items, from 0, in the order of their places."""
_BUDGET = 50_000
"""How many exchanges a search may look at: a design is found within some tenths of a second, once in a process."""
_KICKS = 3
_MOST_KICKS = 10_000
"""Few large sets leave hardly any exchange to look at, so that the budget alone would last for seconds there."""


def dealt(question: MaxDiffSet, seed: int, answer: Any) -> MaxDiffSet:
    """The set as one respondent is shown it: as it was when it was answered, else as the interview's seed deals it."""
    items = {item.code: item for item in question.options}
    shown = answer.get("shown", ()) if isinstance(answer, Mapping) else ()
    if not shown or not items.keys() >= set(shown):
        codes, n_sets = tuple(items), question.n_sets
        sets = dealt_sets(codes, per_set=question.per_set, n_sets=n_sets, seed=seed, where=question.of)
        shown = sets[question.number - 1]
    return question.model_copy(update={"options": tuple(items[code] for code in shown)})


@lru_cache(maxsize=1024)
def dealt_sets(
    codes: tuple[str, ...], *, per_set: int, n_sets: int, seed: int, where: str
) -> tuple[tuple[str, ...], ...]:
    """The version of one interview: per set the codes of its items, from the first place to the last."""
    drawn = sorted(codes, key=lambda code: lot(seed, where, "item", code))
    design = balanced_design(len(drawn), per_set, n_sets)
    order = sorted(range(n_sets), key=lambda place: lot(seed, where, "set", str(place)))
    return tuple(tuple(drawn[item] for item in design[place]) for place in order)


@lru_cache(maxsize=256)
def balanced_design(n_items: int, per_set: int, n_sets: int) -> Sets:
    """The most balanced design found, always the same; `per_set` is at most `n_items`."""
    search = _Exchange(n_items, per_set, n_sets)
    search.improve()
    best, best_cost = [list(items) for items in search.sets], search.cost
    least = _least_cost(n_items, per_set, n_sets)
    while best_cost > least and search.looked_at < _BUDGET and search.n_kicks < _MOST_KICKS:
        search.kick()
        search.improve()
        if search.cost <= best_cost:
            best, best_cost = [list(items) for items in search.sets], search.cost
        else:
            search.return_to(best)
    return _placed(best, n_items, per_set)


def _least_cost(n_items: int, per_set: int, n_sets: int) -> int:
    """The sum of squared pair counts if all pairs met equally often or once more; no design has less."""
    n_pairs = n_items * (n_items - 1) // 2
    mean, once_more = divmod(n_sets * per_set * (per_set - 1) // 2, n_pairs)
    return (n_pairs - once_more) * mean**2 + once_more * (mean + 1) ** 2


class _Exchange:
    """Sets that show every item equally often (±1), made more balanced by exchanging items between them."""

    def __init__(self, n_items: int, per_set: int, n_sets: int) -> None:
        self._pairs = [[0] * n_items for _ in range(n_items)]
        self.n_kicks = 0
        self.looked_at = 0
        self.sets: list[list[int]] = []
        shown = [0] * n_items
        for _ in range(n_sets):
            chosen = self._greedy(shown, per_set)
            for one, other in combinations(chosen, 2):
                self._count(one, other, 1)
            for item in chosen:
                shown[item] += 1
            self.sets.append(chosen)

    @property
    def cost(self) -> int:
        """The sum of squared pair counts: the smaller, the more equal."""
        return sum(count**2 for row in self._pairs for count in row) // 2

    def _greedy(self, shown: list[int], per_set: int) -> list[int]:
        """The items shown least so far, and among those the ones that met the chosen least."""
        chosen: list[int] = []
        met = self._pairs
        while len(chosen) < per_set:
            rest = (item for item in range(len(shown)) if item not in chosen)
            chosen.append(min(rest, key=lambda item: (shown[item], sum(met[item][c] ** 2 for c in chosen))))
        return chosen

    def _count(self, one: int, other: int, by: int) -> None:
        self._pairs[one][other] += by
        self._pairs[other][one] += by

    def improve(self) -> None:
        """Exchange until no exchange of two items between two sets makes pairs more equal."""
        improved = True
        while improved:
            improved = False
            for first, second in combinations(self.sets, 2):
                improved |= self._improve(first, second)

    def _improve(self, first: list[int], second: list[int]) -> bool:
        improved = False
        for here, there in product(range(len(first)), repeat=2):
            one, other = first[here], second[there]
            if one in second or other in first:
                continue
            self.looked_at += 1
            if self._change(first, one, other) + self._change(second, other, one) < 0:
                self._replace(first, here, other)
                self._replace(second, there, one)
                improved = True
        return improved

    def kick(self) -> None:
        """Exchange some items whatever it costs, to leave a place from which no single exchange leads on."""
        self.n_kicks += 1
        draw = lot(self.n_kicks, "kick")
        for _ in range(_KICKS):
            draw, first = divmod(draw, len(self.sets))
            draw, second = divmod(draw, len(self.sets))
            draw, here = divmod(draw, len(self.sets[0]))
            draw, there = divmod(draw, len(self.sets[0]))
            one, other = self.sets[first][here], self.sets[second][there]
            if one not in self.sets[second] and other not in self.sets[first]:
                self._replace(self.sets[first], here, other)
                self._replace(self.sets[second], there, one)

    def return_to(self, sets: list[list[int]]) -> None:
        """Go back to sets that were better."""
        for items, wanted in zip(self.sets, sets, strict=True):
            for place, item in enumerate(wanted):
                if items[place] != item:
                    self._restore(items, wanted)
                    break

    def _restore(self, items: list[int], wanted: list[int]) -> None:
        for one, other in combinations(items, 2):
            self._count(one, other, -1)
        for one, other in combinations(wanted, 2):
            self._count(one, other, 1)
        items[:] = wanted

    def _change(self, items: list[int], old: int, new: int) -> int:
        """What it adds to the sum of squares when one item of a set gives way to another."""
        lost, won = self._pairs[old], self._pairs[new]
        return sum(2 * (won[item] - lost[item]) + 2 for item in items if item != old)

    def _replace(self, items: list[int], place: int, new: int) -> None:
        old = items[place]
        for item in items:
            if item != old:
                self._count(old, item, -1)
                self._count(new, item, 1)
        items[place] = new


def _placed(sets: list[list[int]], n_items: int, per_set: int) -> Sets:
    """The sets with every item as often in one place as in another, ±1.

    Places are colours of the edges between items and sets: an item that is shown more than `per_set` times counts as several, so
    no node has more edges than there are places, and as many colours suffice (König 1916).
    """
    colouring = _Colouring(per_set)
    shown = [0] * n_items
    for number, items in enumerate(sets):
        for item in items:
            colouring.add((item, shown[item] // per_set), number)
            shown[item] += 1
    placed = [[0] * per_set for _ in sets]
    for (item, _), places in colouring.of_items.items():
        for place, number in places.items():
            placed[number][place] = item
    return tuple(tuple(items) for items in placed)


class _Colouring:
    """Edges of a bipartite graph, coloured one after the other so that no two at a node are alike."""

    def __init__(self, n_colours: int) -> None:
        self._n_colours = n_colours
        self.of_items: dict[tuple[int, int], dict[int, int]] = {}
        self._of_sets: dict[int, dict[int, tuple[int, int]]] = {}

    def add(self, item: tuple[int, int], number: int) -> None:
        """Colour one more edge; where no colour is free at both ends, a chain of two colours is turned round."""
        at_item = self.of_items.setdefault(item, {})
        at_set = self._of_sets.setdefault(number, {})
        free_item, free_set = self._free(at_item), self._free(at_set)
        if free_item in at_set:
            self._turn(number, free_item, free_set)
        at_item[free_item] = number
        at_set[free_item] = item

    def _free(self, taken: dict[int, object] | dict[int, int] | dict[int, tuple[int, int]]) -> int:
        return next(colour for colour in range(self._n_colours) if colour not in taken)

    def _turn(self, number: int, first: int, second: int) -> None:
        """Exchange two colours along the path that leaves a set by the first of them."""
        chain: list[tuple[tuple[int, int], int, int]] = []
        colour, at = first, number
        while (item := self._of_sets[at].get(colour)) is not None:
            chain.append((item, at, colour))
            following = self.of_items[item].get(second)
            if following is None:
                break
            chain.append((item, following, second))
            at = following
        for item, one, old in chain:
            self.of_items[item].pop(old, None)
            self._of_sets[one].pop(old, None)
        for item, one, old in chain:
            new = second if old == first else first
            self.of_items[item][new] = one
            self._of_sets[one][new] = item
