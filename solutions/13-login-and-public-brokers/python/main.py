import json
import os
import sys
import threading

from mqttkit import env, make_client, readings

IS_PUBLIC = env("PUBLIC_BROKER") == "1"


# 2  A wrong login does not heal by itself. Everything else may.
def on_connect(client, userdata, flags, rc):
    if rc in (4, 5):
        print(f"the broker refused the login: CONNACK {rc}", file=sys.stderr)
        os._exit(2)
    if rc != 0:
        print(f"not connected: CONNACK {rc}; the library tries again", file=sys.stderr)


# 1  Who we are, from the environment. To somebody else's broker we are nobody.
client = make_client()
client.on_connect = on_connect
acknowledged = threading.Semaphore(0)
client.on_publish = lambda client, userdata, mid: acknowledged.release()
if not IS_PUBLIC:
    client.username_pw_set(env("MQTT_USERNAME"), env("MQTT_PASSWORD"))
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()

# 3  At home the readings; in public something made up.
count = 0
for count, reading in enumerate(readings(), start=1):
    if IS_PUBLIC:
        topic = env("PUBLIC_PREFIX") + "/demo"
        message = {"device": "demo", "temp": 20 + count % 5 / 10}
    else:
        topic = env("TOPIC")
        message = {"device": env("DEVICE_SERIAL"), "temp": reading["temp"]}
    client.publish(topic, json.dumps(message), qos=1)

# 4  No more input: each PUBACK first, then goodbye.
for _ in range(count):
    acknowledged.acquire()
client.disconnect()
client.loop_stop()
