# attack: takes its memory as mappings that are shared and anonymous
# lesson: 1
# outcome: failed
# says: memory|Cannot allocate
import mmap
import time

hoard = []
for _ in range(125):
    part = mmap.mmap(-1, 8 << 20)
    for at in range(0, 8 << 20, 4096):
        part[at] = 1
    hoard.append(part)
    time.sleep(0.01)
print("LEAK a thousand mebibytes")
time.sleep(60)
