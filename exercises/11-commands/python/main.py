import json
import os

from mqttkit import env, make_client, on_stop

COMMAND_TOPIC = env("COMMAND_TOPIC")
STATE_TOPIC = env("STATE_TOPIC")
ERROR_TOPIC = env("ERROR_TOPIC")


# TODO 1: what comes in is a stranger's text: bytes to a dict, or {}
def parse(payload):
    return {}


# TODO 2: do what is asked, and say so on STATE_TOPIC; or say why not on ERROR_TOPIC
def obey(client, payload):
    print(f"a command of {len(payload)} bytes: {parse(payload)}")


# TODO 3: publish JSON; which of the two topics is stored?
def report(client, topic, message):
    print(f"for {topic}: {message}")


# TODO 4: obey what is new; which flag of `message` tells that a command is old?
def on_message(client, userdata, message):
    print(f"{len(message.payload)} bytes on {message.topic}, retain={message.retain}")


# TODO 5: subscribe to commands at QoS 1, and know whether it worked
def on_connect(client, userdata, flags, rc):
    print(f"connected, and deaf for {COMMAND_TOPIC}")


client = make_client()
client.on_connect = on_connect
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
on_stop(client.disconnect)
client.loop_forever()
