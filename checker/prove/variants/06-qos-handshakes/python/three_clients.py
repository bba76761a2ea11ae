"""One connection for each kind, one message at a time."""

import json

from mqttkit import env, make_client, readings

QOS = {"telemetry": 1, "heartbeat": 0, "billing": 2}
clients = {}


def on_message(client, userdata, message):
    n = json.loads(message.payload)["n"]
    client.publish(env("REPORT_TOPIC"), json.dumps({"qos": message.qos, "n": n}), qos=1)


for kind in QOS:
    client = make_client(f"{env('MQTT_CLIENT_ID')}-{kind}", clean_session=False)
    client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
    client.loop_start()
    clients[kind] = client

# Before CONNACK: allowed, the broker reads it afterwards.
clients["telemetry"].on_message = on_message
clients["telemetry"].subscribe(env("PROBE_TOPIC"), 2)

for line in readings():
    kind = line["kind"]
    message = clients[kind].publish(env(f"{kind.upper()}_TOPIC"), json.dumps(line), QOS[kind])
    message.wait_for_publish()
for client in clients.values():
    client.disconnect()
for client in clients.values():
    client.loop_stop()
