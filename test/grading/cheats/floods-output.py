# attack: floods standard error
# lesson: 1
# outcome: failed
# says: output
import os

while True:
    os.write(2, b"x" * 65536)
