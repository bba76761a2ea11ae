# attack: takes hold of process 1 and of all others, to live on when it is to be ended
# lesson: 1
# with: solution
# outcome: passed
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
if os.getpid() != 1:
    print("LEAK somebody else is process 1")
others = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
if others:
    print("LEAK other processes:", others)
child = os.fork()
if child == 0:
    import time

    time.sleep(30)
    os._exit(0)
for target in (1, child, os.getppid()):
    # PTRACE_ATTACH, PTRACE_SEIZE
    for request in (16, 0x4206):
        if libc.ptrace(request, target, 0, 0) == 0:
            print("LEAK traces", target)
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    if libc.process_vm_readv(target, vector, 1, vector, 1, 0) >= 0:
        print("LEAK reads memory of", target)
os.kill(child, 9)
os.waitpid(child, 0)
# PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_MM
for option, value in ((1, 0), (4, 0), (35, 8)):
    if libc.prctl(option, value, 0, 0, 0) == 0:
        print("LEAK prctl", option)
for name, number in (
    ("kcmp", 312),
    ("perf_event_open", 298),
    ("bpf", 321),
    ("userfaultfd", 323),
    ("io_uring_setup", 425),
    ("memfd_create", 319),
    ("pidfd_getfd", 438),
    ("fsopen", 430),
):
    ctypes.set_errno(0)
    if os.uname().machine == "x86_64" and libc.syscall(number, 0, 0, 0, 0, 0) >= 0:
        print("LEAK", name)
    elif os.uname().machine == "x86_64" and ctypes.get_errno() != 1:
        print("LEAK the kernel was asked:", name, ctypes.get_errno())
libc.prctl(15, b"kworker/0:1", 0, 0, 0)
