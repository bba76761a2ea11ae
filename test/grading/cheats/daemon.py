# attack: forks twice into a session of its own, with an empty environment
# lesson: 1
# with: solution
# outcome: passed
import os
import sys

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        code = "import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\ntime.sleep(600)"
        os.execve(sys.executable, [sys.executable, "-c", code, "CHEAT_DAEMON"], {})
    os._exit(0)
