"""Sends PUBLISH before CONNACK has come, which 3.1.1 allows, and loops by hand."""

import json

from mqttkit import env, make_client, readings

client = make_client()
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
seq = 0
waiting = set()
client.on_publish = lambda client, userdata, mid: waiting.discard(mid)
for reading in readings():
    seq += 1
    info = client.publish(env("TOPIC"), json.dumps({"seq": seq, **reading}, indent=1), qos=1)
    waiting.add(info.mid)
    client.loop(timeout=0.01)
while waiting or not client.is_connected():
    client.loop(timeout=0.05)
client.disconnect()
client.loop(timeout=0.05)
