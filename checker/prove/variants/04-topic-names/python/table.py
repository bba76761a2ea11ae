"""A translation table instead of a pattern; the whole reading on both topics; QoS 2."""

import json
import string

from mqttkit import env, make_client, readings

ALLOWED = set(string.ascii_lowercase + string.digits)


def level(name):
    text = "".join(c if c in ALLOWED else "-" for c in name.casefold())
    while "--" in text:
        text = text.replace("--", "-")
    return text.strip("-") or None


place = [level(env("COMPANY")), level(env("SITE"))]
if None in place:
    raise SystemExit(2)

client = make_client(client_id="variant-table")
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()
waiting = []
for reading in readings():
    device = level(reading["device"])
    if device is None:
        continue
    for metric in ("hum", "temp"):
        topic = "/".join([*place, device, metric])
        waiting.append(client.publish(topic, json.dumps(reading, indent=1), 2))
for info in waiting:
    info.wait_for_publish()
client.disconnect()
client.loop_stop()
