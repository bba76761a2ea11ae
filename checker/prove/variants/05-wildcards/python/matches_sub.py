"""topic_matches_sub decides; a second client replies."""

import json

import paho.mqtt.client as mqtt
from mqttkit import env, make_client, on_stop

FILTER = f"{env('COMPANY')}/{env('SITE')}/+/temp"
latest = {}


def on_message(client, userdata, message):
    if mqtt.topic_matches_sub(FILTER, message.topic):
        latest.update({message.topic.split("/")[2]: json.loads(message.payload)["temp"]})
    else:
        mouth.publish(env("REPLY_TOPIC"), json.dumps(latest), 2)


def leave():
    mouth.disconnect()
    mouth.loop_stop()
    ear.disconnect()


mouth = make_client()
mouth.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
mouth.loop_start()
ear = make_client()
ear.on_message = on_message
ear.on_connect = lambda c, u, flags, rc: c.subscribe([(env("QUERY_TOPIC"), 1), (FILTER, 2)])
ear.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
on_stop(leave)
ear.loop_forever()
