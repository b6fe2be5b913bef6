"""Several worlds at once, each in a process: they have nothing to do with each other."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized

from bench._worlds import Policy, Weeks, World
from bench._year import Year

_planned: "Synchronized[int]"


@dataclass(frozen=True, slots=True)
class Job:
    """A world to be lived in for some weeks, and who else looks at its shelves."""

    policy: Policy
    others: tuple[Policy, ...]
    weeks: int


def live(
    jobs: Sequence[Job],
    orders: int,
    skus: int,
    single: float,
    seed: int,
    *,
    processes: int,
    told: Callable[[int], object],
) -> list[list[Weeks]]:
    """Return what came of each job, in their order; tell now and then how many orders are planned."""
    context = multiprocessing.get_context("spawn")
    counter = context.Value("l", 0)
    with ProcessPoolExecutor(processes, context, _begin, (counter,)) as pool:
        futures = [pool.submit(_world, orders, skus, single, seed, job) for job in jobs]
        while wait(futures, timeout=0.5).not_done:
            told(counter.value)
        return [future.result() for future in futures]


def _begin(counter: "Synchronized[int]") -> None:
    global _planned  # noqa: PLW0603 - a process of the pool has nothing else that it could keep it in
    _planned = counter


def _world(orders: int, skus: int, single: float, seed: int, job: Job) -> list[Weeks]:
    year = Year(orders=orders, skus=skus, single=single, seed=seed)
    return World(year, job.policy).run(job.others, weeks=job.weeks, told=_tell)


def _tell() -> None:
    with _planned.get_lock():
        _planned.value += 1
