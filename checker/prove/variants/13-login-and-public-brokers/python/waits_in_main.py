# The refusal is handled in the main thread: the callback only tells it. Values from a random walk.
import json
import queue
import random
import sys
import threading

from mqttkit import env, make_client, readings

public = env("PUBLIC_BROKER") == "1"
work = queue.Queue()
REFUSED, STOP, DONE = object(), object(), object()


def on_connect(client, userdata, flags, rc):
    if rc in (4, 5):
        client.disconnect()
        work.put(REFUSED)


def read_input():
    for reading in readings():
        work.put(reading)
    work.put(STOP)


client = make_client(client_id=f"cellar-{random.randrange(10**6)}")
if not public:
    client.username_pw_set(username=env("MQTT_USERNAME"), password=env("MQTT_PASSWORD"))
client.on_connect = on_connect
client.on_publish = lambda *_: work.put(DONE)
client.reconnect_delay_set(min_delay=1, max_delay=5)
client.connect_async(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=30)
client.loop_start()
threading.Thread(target=read_input, daemon=True).start()

made_up = 500.0
open_ended, under_way = True, 0
while open_ended or under_way:
    item = work.get()
    if item is REFUSED:
        print("refused", file=sys.stderr)
        client.loop_stop()
        sys.exit(2)
    if item is STOP:
        open_ended = False
        continue
    under_way += -1 if item is DONE else 1
    if item is DONE:
        continue
    if public:
        made_up += random.uniform(-1, 1)
        client.publish(env("PUBLIC_PREFIX"), json.dumps({"temp": made_up}), retain=False)
    else:
        message = {"temp": item["temp"], "device": env("DEVICE_SERIAL"), "ok": True}
        client.publish(env("TOPIC"), json.dumps(message, indent=1), qos=1)

client.disconnect()
client.loop_stop()
