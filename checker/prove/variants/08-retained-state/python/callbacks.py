"""message_callback_add, loop_forever on the main thread, QoS 2, None erases, extra fields."""

import json
import threading
import time

from mqttkit import env, make_client, readings


def watch(client, userdata, message):
    _, device, _ = message.topic.split("/")
    text = message.payload.decode()
    body = {"source": "erased", "mode": None}
    if text:
        body = {**json.loads(text), "source": ["live", "stored"][bool(message.retain)]}
    client.publish(env("REPORT_TOPIC"), json.dumps({**body, "device": device, "at": time.time()}))


def work():
    for line in readings():
        if "temp" in line:
            client.publish(env("TELEMETRY_TOPIC"), json.dumps(line))
        else:
            text = json.dumps(line) if "mode" in line else None
            client.publish(env("STATE_TOPIC"), text, 2, True).wait_for_publish()
    client.disconnect()


client = make_client()
client.message_callback_add(env("WATCH_FILTER"), watch)
client.on_connect = lambda c, u, flags, rc: c.subscribe([(env("WATCH_FILTER"), 0)])
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
threading.Thread(target=work, daemon=True).start()
client.loop_forever()
