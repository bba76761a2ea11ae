# attack: makes files without end
# lesson: 1
# with: solution
# outcome: passed
import os

made = []
try:
    for place in ("/tmp", "/dev/shm", "."):
        try:
            for number in range(50000):
                path = os.path.join(place, "f%d" % number)
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
                made.append(path)
        except OSError:
            pass
finally:
    for path in made:
        os.unlink(path)
if len(made) > 10000:
    print("LEAK made", len(made), "files")
