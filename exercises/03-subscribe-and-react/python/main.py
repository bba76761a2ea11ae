import json
import os
import sys

from mqttkit import env, make_client, on_stop

IN_TOPIC = env("IN_TOPIC")
OUT_TOPIC = env("OUT_TOPIC")


# 3  Bytes to text, text to an object, object to an answer.
def fahrenheit(payload):
    #  TODO 2: decode and parse the payload; give {"device":…, "seq":…, "f":…} with f in
    #          degrees Fahrenheit, or None when it is not a reading (nonsense must not end
    #          the program)
    return None


# 2  Subscribe when the connection is up, and know from SUBACK whether it worked.
def on_connect(client, userdata, flags, rc):
    #  TODO 1: subscribe to IN_TOPIC
    print(f"connected; nothing subscribed to {IN_TOPIC} yet")


def on_subscribe(client, userdata, mid, granted_qos):
    #  TODO 4: when 128 is among the granted values, the broker refused: os._exit(1)
    print(f"SUBACK with {granted_qos}")


# 4  Answer what is a reading; skip what is not.
def on_message(client, userdata, message):
    answer = fahrenheit(message.payload)
    #  TODO 3: publish the answer on OUT_TOPIC as JSON
    print(f"{len(message.payload)} bytes on {message.topic}; the answer is {answer}")


# 1  Listen before anything can arrive: the handlers come first. (This part is done.)
client = make_client()
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
on_stop(client.disconnect)
client.loop_forever()
