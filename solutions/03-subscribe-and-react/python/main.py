import json
import os
import sys

from mqttkit import env, make_client, on_stop

IN_TOPIC = env("IN_TOPIC")
OUT_TOPIC = env("OUT_TOPIC")


# 3  Bytes to text, text to an object, object to an answer.
def fahrenheit(payload):
    try:
        reading = json.loads(payload.decode())
        if isinstance(reading["temp"], bool):
            return None
        return {
            "device": reading["device"],
            "seq": reading["seq"],
            "f": reading["temp"] * 9 / 5 + 32,
        }
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


# 2  Subscribe when the connection is up, and know from SUBACK whether it worked.
def on_connect(client, userdata, flags, rc):
    client.subscribe(IN_TOPIC)


def on_subscribe(client, userdata, mid, granted_qos):
    if 128 in granted_qos:
        print(f"the broker refused {IN_TOPIC}", file=sys.stderr)
        os._exit(1)


# 4  Answer what is a reading; skip what is not.
def on_message(client, userdata, message):
    answer = fahrenheit(message.payload)
    if answer:
        client.publish(OUT_TOPIC, json.dumps(answer), qos=1)
    else:
        print(f"skipped {len(message.payload)} bytes on {message.topic}")


# 1  Listen before anything can arrive: the handlers come first.
client = make_client()
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
on_stop(client.disconnect)
client.loop_forever()
