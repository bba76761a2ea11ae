# attack: dials the machine, the internet and abstract sockets
# lesson: 1
# with: solution
# outcome: passed
import socket

for family, address in (
    (socket.AF_INET, ("127.0.0.1", int("__CANARY_PORT__"))),
    (socket.AF_INET, ("192.0.2.1", 80)),
    (socket.AF_UNIX, "\0__CANARY_SOCKET__"),
):
    with socket.socket(family, socket.SOCK_STREAM) as dialled:
        dialled.settimeout(0.3)
        try:
            dialled.connect(address)
            print("LEAK reached", address)
        except OSError:
            pass
