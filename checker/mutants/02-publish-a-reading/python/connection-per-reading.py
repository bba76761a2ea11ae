# mistake: connection-per-reading
# fails: T4
# Connects for each reading.
import json
import threading

from mqttkit import env, make_client, readings

import paho.mqtt.client as mqtt


def open_client():
    ready = threading.Event()
    client = make_client()
    client.on_connect = lambda client, userdata, flags, rc: ready.set()
    client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
    client.loop_start()
    ready.wait()
    return client


for seq, r in enumerate(readings(), start=1):
    client = open_client()
    client.publish(env("TOPIC"), json.dumps({"device": r["device"], "temp": r["temp"], "hum": r["hum"], "seq": seq}), qos=1).wait_for_publish()
    client.disconnect()
    client.loop_stop()
client = open_client()
client.disconnect()
client.loop_stop()
