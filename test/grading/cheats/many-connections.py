# attack: opens connections without an end
# lesson: 1
# outcome: failed
# says: connections
import os
import socket
import time

for _ in range(2000):
    try:
        socket.create_connection(("127.0.0.1", int(os.environ["MQTT_PORT"]))).close()
    except OSError:
        pass
time.sleep(60)
