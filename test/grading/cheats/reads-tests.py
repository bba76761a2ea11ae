# attack: walks through everything it can see, for hidden tests, solutions and shells
# lesson: 1
# with: solution
# outcome: passed
import os

for folder, folders, files in os.walk("/"):
    if folder.startswith(("/proc", "/sys", "/dev")) or "/lib/python3" in folder:
        folders[:] = []
        continue
    for name in files:
        path = os.path.join(folder, name)
        bad = name in ("sh", "bash", "dash", "mosquitto", "shadow", "package.json", "hits.jsonl")
        # The client that everybody has is no secret.
        public = "/node_modules/" in path or "/vendor/mqtt/" in path
        if bad and not public or ".test." in name or "/solutions/" in path:
            print("LEAK sees", path)
