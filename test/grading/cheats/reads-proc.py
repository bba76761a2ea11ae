# attack: reads other processes and their environment
# lesson: 1
# with: solution
# outcome: passed
import glob

seen = glob.glob("/proc/[0-9]*")
if len(seen) > 3:
    print("LEAK sees", len(seen), "processes")
for folder in seen:
    for name in ("environ", "cmdline", "maps"):
        try:
            text = open(folder + "/" + name, errors="replace").read()
        except OSError:
            continue
        if "hunter2" in text or "vitest" in text:
            print("LEAK", folder, name)
