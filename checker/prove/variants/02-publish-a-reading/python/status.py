"""A will, and a stored status on another topic; the client class of paho itself; QoS 1."""

import json
import os
import sys

import paho.mqtt.client as mqtt
from mqttkit import make_client

DATA_TOPIC = os.environ["TOPIC"]
STATUS_TOPIC = "devices/sensor-01/status"
client = make_client(client_id="publisher-01")
client.will_set(STATUS_TOPIC, json.dumps({"status": "offline"}), qos=1, retain=True)
client.connect(os.environ["MQTT_HOST"], int(os.environ["MQTT_PORT"]), 60)
client.loop_start()
online = client.publish(STATUS_TOPIC, json.dumps({"status": "online"}), qos=1, retain=True)
online.wait_for_publish()
for seq, line in enumerate(sys.stdin, start=1):
    body = {**json.loads(line), "seq": seq}
    message: mqtt.MQTTMessageInfo = client.publish(DATA_TOPIC, json.dumps(body), qos=1)
    message.wait_for_publish()
client.disconnect()
client.loop_stop()
