# attack: uses what it was handed: open files, keys, variables, the mask of modes
# lesson: 1
# with: solution
# outcome: passed
import ctypes
import os
import signal

for name in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink("/proc/self/fd/" + name)
    except OSError:
        continue
    if int(name) > 2 and target != "/dev/null" and not target.startswith("/proc/"):
        print("LEAK an open file:", name, target)
libc = ctypes.CDLL(None, use_errno=True)
session = -3
for number in (250, 219):
    for operation in (0, 1, 6, 11):
        if libc.syscall(number, operation, session, 0, 0, 0) >= 0:
            print("LEAK a key ring:", number, operation)
for name in ("/proc/keys", "/proc/key-users"):
    try:
        with open(name) as file:
            if file.read():
                print("LEAK names of keys")
    except OSError:
        pass
mask = os.umask(0o022)
if mask != 0o022:
    print("LEAK the mask of modes:", oct(mask))
if signal.pthread_sigmask(signal.SIG_BLOCK, []):
    print("LEAK blocked signals")
if signal.getsignal(signal.SIGHUP) != signal.SIG_DFL:
    print("LEAK an ignored signal")
known = {"HOME", "LANG", "LC_CTYPE", "PATH", "PWD", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONUNBUFFERED", "TOPIC", "USER"}
for name in os.environ:
    if name not in known and not name.startswith("MQTT_"):
        print("LEAK a variable:", name)
