# attack: fills every place that it can write to
# lesson: 1
# with: solution
# outcome: passed
import os

total = 0
for place in ("/tmp", "/dev/shm", "/var/tmp", ".", os.path.expanduser("~"), "/", "/run", "/dev"):
    made = []
    try:
        for number in range(40):
            path = os.path.join(place, "fill%d" % number)
            made.append(path)
            with open(path, "wb") as file:
                for _ in range(16):
                    file.write(b"x" * (1 << 20))
                    total += 1 << 20
    except OSError:
        pass
    for path in made:
        try:
            os.unlink(path)
        except OSError:
            pass
if total > 160 << 20:
    print("LEAK wrote", total >> 20, "MiB")
