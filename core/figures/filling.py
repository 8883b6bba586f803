"""More frames in between, made where the figure is shown: `filled` is written into scripts, so it stands alone."""

from __future__ import annotations


def filled(frames: list, parts: int) -> list:
    """`frames` with `parts` - 1 more before each that does not stand still ("2+1"): positions go straight on."""
    where, found = {}, []
    for frame in frames:
        ways = {}
        for k, trace in zip(frame["traces"], frame["data"], strict=True):
            for axis in {"x", "y", "z"} & trace.keys():
                start, end = where.get((k, axis), []), trace[axis]
                if len(start) == len(end) and start != end:
                    ways[k, axis] = list(zip(start, end, strict=True))
                where[k, axis] = end
        for part in range(1, parts) if found and "+" not in frame["name"] else ():
            data = [{key: trace[key] for key in trace if key == "type"} for trace in frame["data"]]
            for (k, axis), way in ways.items():
                place = data[frame["traces"].index(k)]
                place[axis] = [
                    None if None in pair else pair[0] + (pair[1] - pair[0]) * part / parts for pair in way
                ]
            found.append({"name": f"{frame['name']}/{part}", "traces": frame["traces"], "data": data})
        found.append(frame)
    return found
