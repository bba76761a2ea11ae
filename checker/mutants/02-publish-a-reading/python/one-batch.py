# mistake: hoards
# fails: T1
# Collects all readings and publishes one list at the end.
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
everything = []
for seq, r in enumerate(readings(), start=1):
    everything.append({"device": r["device"], "temp": r["temp"], "hum": r["hum"], "seq": seq})
client.publish(env("TOPIC"), json.dumps(everything), qos=1).wait_for_publish()
client.disconnect()
client.loop_stop()
