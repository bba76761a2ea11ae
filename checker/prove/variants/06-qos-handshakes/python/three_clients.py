"""One connection for each kind; the books are kept by on_publish."""

import json
import time

from mqttkit import env, make_client, readings

QOS = {"telemetry": 1, "heartbeat": 0, "billing": 2}
clients = {}
wanted = []
done = []


def on_message(client, userdata, message):
    n = json.loads(message.payload)["n"]
    client.publish(env("REPORT_TOPIC"), json.dumps({"qos": message.qos, "n": n}), qos=1)


for kind in QOS:
    client = make_client(f"{env('MQTT_CLIENT_ID')}-{kind}", clean_session=False)
    client.on_publish = lambda c, u, mid: done.append((c, mid))
    client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
    client.loop_start()
    clients[kind] = client

# Before CONNACK: allowed, the broker reads it afterwards.
clients["telemetry"].on_message = on_message
clients["telemetry"].subscribe(env("PROBE_TOPIC"), 2)

for line in readings():
    kind = line["kind"]
    message = clients[kind].publish(env(f"{kind.upper()}_TOPIC"), json.dumps(line), QOS[kind])
    if QOS[kind]:
        wanted.append((clients[kind], message.mid))
while not all(one in done for one in wanted):
    time.sleep(0.02)
for client in clients.values():
    client.disconnect()
for client in clients.values():
    client.loop_stop()
