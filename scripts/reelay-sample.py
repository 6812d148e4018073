#!/usr/bin/env python3
"""Makes fixtures/traces/reelay-sample.json: random timed traces with the verdicts of reelay, an independent monitor.

Reelay (MPL-2.0) is a C++ library for past-time properties in dense time; install its Python package into a virtual
environment of its own (`pip install reelay==25.0.0`) and run this with that environment's Python. The traces are made
from a seed; all times are multiples of 0.25 s, which its 32-bit bounds represent exactly. Every trace begins with 3 s of
`e` and `f` false, because reelay takes what lies before a trace for true, and ends with both false.
"""

import argparse
import json
import random

import reelay

# name: (formula of reelay that is true where the property is broken, body of our check)
FORMULAS = {
    "never": ("{e} && {f}", 'never = "E and F"'),
    "never longer": ("historically[0:2]{e}", 'never = "E"\nlonger_than = "2s"'),
    "held": ("{f} && !(historically[0:2]{e})", 'never = "F and not held(E, 2s)"'),
    "once": ("{f} && !(once[0:2]{e})", 'never = "F and not recent(E, 2s)"'),
    "lasts": ("!{e} && ((!{e}) since ({e} && !(historically[0:2]{e})))", 'lasts = "E"\nat_least = "2s"'),
}


def trace(rng):
    rows, time, state = [[0.0, False, False]], 3.0, [False, False]
    for _ in range(rng.randint(1, 9)):
        which = rng.randrange(2)
        state[which] = not state[which]
        rows.append([time, *state])
        time += rng.randint(1, 14) / 4
    return rows + [[time, False, False], [time + 5, False, False]]


def first_true(formula, rows):
    """The first instant at which the formula is true, or None."""
    monitor = reelay.dense_timed_monitor(pattern=formula, semantics="boolean")
    told = [one for time, e, f in rows for one in monitor.update({"time": time, "e": e, "f": f})]
    return next((one["time"] for one in told if one["value"]), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--traces", type=int, default=60)
    parser.add_argument("--out", default="fixtures/traces/reelay-sample.json")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    traces = [trace(rng) for _ in range(options.traces)]
    said = [{name: first_true(formula, rows) for name, (formula, _) in FORMULAS.items()} for rows in traces]
    lines = [json.dumps({"rows": rows, "broken_at": verdicts}) for rows, verdicts in zip(traces, said)]
    checks = json.dumps({name: check for name, (_, check) in FORMULAS.items()})
    with open(options.out, "w", encoding="utf-8") as out:
        out.write('{"checks": %s,\n"traces": [\n%s\n]}\n' % (checks, ",\n".join(lines)))


if __name__ == "__main__":
    main()
