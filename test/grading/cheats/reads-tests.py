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
        if bad and "/node_modules/" not in path or ".test." in name or "/solutions/" in path:
            print("LEAK sees", path)
