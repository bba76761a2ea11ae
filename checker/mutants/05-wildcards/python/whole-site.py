# mistake: whole-branch
# fails: T3
# Subscribes to everything of the site and sorts in code.
import json
import os
import sys

from mqttkit import env, make_client, on_stop

QUERY_TOPIC = env("QUERY_TOPIC")
REPLY_TOPIC = env("REPLY_TOPIC")

# 1  The narrowest filter that has every device, and nothing else.
FILTER = f"{env('COMPANY')}/{env('SITE')}/#"

latest = {}


# 2  Every message comes through here. Its topic name says what it is.
def on_message(client, userdata, message):
    if message.topic == QUERY_TOPIC:
        answer(client)
    elif message.topic.endswith('/temp') and message.topic.count('/') == 3:
        remember(message.topic, message.payload)


# 3  The device is the third level of the topic name. The latest temperature counts.
def remember(topic, payload):
    device = topic.split("/")[2]
    try:
        latest[device] = json.loads(payload)["temp"]
    except (ValueError, KeyError, TypeError):
        print(f"skipped a message on {topic}: no temperature in it", file=sys.stderr)


# 4  A query is answered with what is known now.
def answer(client):
    client.publish(REPLY_TOPIC, json.dumps(latest), qos=1)


# 5  Both filters; and know from SUBACK whether it worked.
def on_connect(client, userdata, flags, rc):
    client.subscribe([(FILTER, 0), (QUERY_TOPIC, 0)])


def on_subscribe(client, userdata, mid, granted_qos):
    if 128 in granted_qos:
        print("the broker refused a subscription", file=sys.stderr)
        os._exit(1)


client = make_client()
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
on_stop(client.disconnect)
client.loop_forever()
