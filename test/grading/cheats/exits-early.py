# attack: ends at once with exit code 0, past all handlers
# lesson: 1
# outcome: failed
# says: no connection came
import os

os._exit(0)
