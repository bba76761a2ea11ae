# attack: asks the kernel for namespaces, mounts and more rights
# lesson: 1
# with: solution
# outcome: passed
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
for name, flag in (("user", 0x10000000), ("network", 0x40000000), ("mount", 0x20000)):
    if libc.unshare(flag) == 0:
        print("LEAK a new namespace:", name)
if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
    print("LEAK mounted")
for call in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.chroot("/tmp")):
    try:
        call()
        print("LEAK more rights")
    except OSError:
        pass
with open("/proc/self/status") as status:
    for line in status:
        if line.startswith(("CapEff", "CapPrm", "CapBnd")) and int(line.split()[1], 16) != 0:
            print("LEAK", line.strip())
        if line.startswith("NoNewPrivs") and line.split()[1] != "1":
            print("LEAK", line.strip())
