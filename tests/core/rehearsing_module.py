"""A preloaded module that rehearses in each worker, for a test of the zygote; it tells by the hostile tasks' `who`."""

import hostile_tasks


def rehearse() -> None:
    hostile_tasks.PRELOADED["rehearsed"] += 1
    raise ValueError("a rehearsal may fail")
