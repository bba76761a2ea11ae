"""A loop of its own on the main thread, QoS 2, reconnecting by hand."""

import threading
import time

from mqttkit import env, make_client, on_stop

stop = threading.Event()
on_stop(stop.set)
client = make_client(client_id=env("MQTT_CLIENT_ID"))
client.will_set(env("STATUS_TOPIC"), env("OFFLINE").encode(), 2, True)
client.on_connect = lambda c, u, f, rc: c.publish(
    env("STATUS_TOPIC"), env("OFFLINE" if stop.is_set() else "ONLINE"), 2, True
)
done = []
client.on_publish = lambda c, u, mid: done.append(mid)
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), int(env("MQTT_KEEPALIVE")))


def turn():
    if client.loop(0.1) != 0:
        time.sleep(0.3)
        try:
            client.reconnect()
        except OSError:
            pass


while not stop.is_set():
    turn()
goodbye = client.publish(env("STATUS_TOPIC"), env("OFFLINE"), 2, True)
while goodbye.mid not in done:
    turn()
client.disconnect()
while client.loop(0.1) == 0:
    pass
