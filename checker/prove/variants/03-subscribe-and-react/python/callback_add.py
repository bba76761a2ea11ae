"""message_callback_add, subscribing before CONNACK has come, loop_start()."""

import json
import os

from mqttkit import env, make_client, wait_for_stop


def answer(client, userdata, message):
    try:
        reading = json.loads(message.payload)
        if type(reading["temp"]) not in (int, float):
            return
        text = json.dumps({**reading, "f": round(reading["temp"] * 1.8 + 32, 4)})
        reading["device"], reading["seq"]
    except Exception:
        return
    client.publish(env("OUT_TOPIC"), text)


client = make_client()
client.message_callback_add(env("IN_TOPIC"), answer)
client.on_subscribe = lambda c, u, mid, granted: os._exit(4) if granted[0] > 2 else None
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.subscribe(env("IN_TOPIC"), 1)
client.loop_start()
wait_for_stop()
client.disconnect()
client.loop_stop()
