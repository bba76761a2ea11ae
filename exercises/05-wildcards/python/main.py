import json
import os
import sys

from mqttkit import env, make_client, on_stop

QUERY_TOPIC = env("QUERY_TOPIC")
REPLY_TOPIC = env("REPLY_TOPIC")

# 1  The narrowest filter that has every device, and nothing else.
#    TODO 1: this filter has one device only; make it match the temp of every device
FILTER = f"{env('COMPANY')}/{env('SITE')}/freezer-3f/temp"

latest = {}


# 2  Every message comes through here. Its topic name says what it is.
def on_message(client, userdata, message):
    #  TODO 2: on QUERY_TOPIC, answer(client); on any other topic, remember(…)
    print(f"{len(message.payload)} bytes on {message.topic}")


# 3  The device is the third level of the topic name. The latest temperature counts.
def remember(topic, payload):
    #  TODO 3: take the device out of the topic name, and temp out of the payload; put both
    #          into `latest`. A payload that is no JSON must not end the program.
    print(topic, payload)


# 4  A query is answered with what is known now.
def answer(client):
    #  TODO 4: publish {"<device>": temp, …} on REPLY_TOPIC; {} when nothing is known
    print(f"an answer for {REPLY_TOPIC} about {len(latest)} devices")


# 5  Both filters; and know from SUBACK whether it worked.
def on_connect(client, userdata, flags, rc):
    #  TODO 5: subscribe to QUERY_TOPIC, too
    client.subscribe([(FILTER, 0)])


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
