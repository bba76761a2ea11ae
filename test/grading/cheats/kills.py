# attack: kills its parent, process 1, its group, everybody
# lesson: 1
# with: solution
# outcome: passed
import os
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
for target in (os.getppid(), 1, -1):
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
        try:
            os.kill(target, number)
        except OSError:
            pass
signal.signal(signal.SIGTERM, signal.SIG_DFL)
