# attack: leaves processes that ignore every signal, in sessions and groups of their own
# lesson: 1
# with: solution
# outcome: passed
import os
import signal
import sys
import time

for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        for name in os.listdir("/proc/self/fd"):
            try:
                os.close(int(name))
            except OSError:
                pass
        marker = "CHEAT_DAEMON"
        while True:
            time.sleep(1)
sys.stdout.flush()
