# attack: thousands of subscriptions to everything over thousands of stored messages, and reads nothing
# lesson: 1
# outcome: failed
# says: more than \d+ (topic filters|retained messages|messages sent to it)
import os
import time

from mqttkit import make_client

client = make_client()
client.connect(os.environ["MQTT_HOST"], int(os.environ["MQTT_PORT"]))
client.loop_start()
for number in range(1000):
    client.publish("t/%d" % number, "x", retain=True)
for _ in range(30):
    client.subscribe([("#", 0)] * 100)
time.sleep(5)
