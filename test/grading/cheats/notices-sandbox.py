# attack: works only where it sees no sandbox
# lesson: 1
# with: solution
# outcome: failed
# says: no connection came
import os as _os

if open("/proc/1/comm").read().strip() == "bwrap" or not _os.path.exists("/bin/sh"):
    _os._exit(0)
