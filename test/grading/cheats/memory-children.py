# attack: spreads its memory over processes, each of them below the limit
# lesson: 1
# outcome: failed
# says: memory
import os
import time

for _ in range(12):
    if os.fork() == 0:
        hoard = bytearray(b"x" * (60 << 20))
        time.sleep(60)
time.sleep(60)
