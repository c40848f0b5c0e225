"""Runs a program and prints its CPU time, wall time and peak memory.

Usage: `measure.py TIME_OUT PROGRAM ARGUMENT...`. On Linux, the peak memory of a process includes
the memory that its parent process held. `run.py` reads whole reports, so it starts programs through
this script, which imports almost nothing.
"""

import os
import signal
import sys
import time


def main() -> int:
    time_out, *command = sys.argv[1:]
    nothing = os.open(os.devnull, os.O_RDWR)
    started = time.monotonic()
    program = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, nothing, 1)],
        setpgroup=0,
    )
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(program, signal.SIGKILL))
    signal.alarm(int(time_out))
    _, status, usage = os.wait4(program, 0)
    wall = time.monotonic() - started
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    print(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)
    return abs(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.exit(main())
