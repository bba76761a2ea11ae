# mistake: left-before-flushed
# fails: T5
# Publishes all but the first reading from background threads, and leaves without waiting for them.
import json
import os
import threading

from mqttkit import env, make_client, readings

connected = threading.Event()
client = make_client()
client.on_connect = lambda client, userdata, flags, rc: connected.set()
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()
connected.wait()
def later(payload):
    client.publish(env("TOPIC"), payload, qos=1)

for seq, r in enumerate(readings(), start=1):
    payload = json.dumps({"device": r["device"], "temp": r["temp"], "hum": r["hum"], "seq": seq})
    timer = threading.Timer(0.3, later, [payload])
    timer.daemon = True
    if seq == 1:
        client.publish(env("TOPIC"), payload, qos=1).wait_for_publish()
    else:
        timer.start()
client.disconnect()
client.loop_stop()
