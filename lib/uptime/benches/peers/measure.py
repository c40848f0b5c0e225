"""Runs a program and prints its CPU time, wall time and peak memory.

Usage: `measure.py SECONDS GIB PROGRAM ARGUMENT...`. A program that takes more time or more memory is
killed. On Linux, the peak memory of a process includes
the memory that its parent process held. `run.py` reads whole reports, so it starts programs through
this script, which imports almost nothing.
"""

import os
import signal
import sys
import time


CHECK_SECONDS = 0.1


def resident_bytes(process: int) -> int:
    """Returns 0 on a system without `/proc`, where memory is not limited."""
    try:
        with open(f"/proc/{process}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def main() -> int:
    time_out, memory, *command = sys.argv[1:]
    nothing = os.open(os.devnull, os.O_RDWR)
    started = time.monotonic()
    program = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, nothing, 1)],
        setpgroup=0,
    )

    def check(*_: object) -> None:
        is_late = time.monotonic() - started >= int(time_out)
        if is_late or resident_bytes(program) >= int(memory) << 30:
            os.killpg(program, signal.SIGKILL)

    signal.signal(signal.SIGALRM, check)
    signal.setitimer(signal.ITIMER_REAL, CHECK_SECONDS, CHECK_SECONDS)
    _, status, usage = os.wait4(program, 0)
    wall = time.monotonic() - started
    signal.setitimer(signal.ITIMER_REAL, 0)
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    print(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)
    return abs(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.exit(main())
