import json
import threading

from mqttkit import env, make_client, readings

connected = threading.Event()
client = make_client()
client.on_connect = lambda client, userdata, flags, rc: connected.set()
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()
connected.wait()

for seq, reading in enumerate(readings(), start=1):
    payload = json.dumps({"device": reading["name"], "temp": reading["temp"], "seq": seq})
    client.publish(env("TOPIC"), payload, qos=1).wait_for_publish()
client.disconnect()
