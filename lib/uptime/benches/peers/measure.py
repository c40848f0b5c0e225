"""Runs a program and prints what it took: `measure.py TIME_OUT PROGRAM ARGUMENT...`.

Linux counts into a process's peak memory what the one that started it had held. So programs are not
started by `run.py`, which reads whole reports, but by this, which imports hardly anything.
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
