"""A sensor and a display in one program: status with a will, five readings at QoS 1, and a
subscriber in the background. Every reading is made up."""

import json
import threading
import time

from mqttkit import env, make_client

PREFIX = env("DEMO_PREFIX")
DEVICE = "sensor-1"
STATUS_TOPIC = f"{PREFIX}/{DEVICE}/status"
READING_TOPIC = f"{PREFIX}/{DEVICE}/reading"
HOST, PORT = env("MQTT_HOST"), int(env("MQTT_PORT"))

# The display: its handlers stand before it connects, so it misses nothing.
listening = threading.Event()
display = make_client()
display.on_connect = lambda client, userdata, flags, rc: client.subscribe(f"{PREFIX}/#", qos=1)
display.on_subscribe = lambda client, userdata, mid, granted: listening.set()
display.on_message = lambda client, userdata, message: print(
    f"display  {message.topic}  {message.payload.decode()}", flush=True
)
display.connect(HOST, PORT)
display.loop_start()
listening.wait()

# The sensor: if it dies, the broker says "offline" for it.
connected = threading.Event()
sensor = make_client()
sensor.on_connect = lambda client, userdata, flags, rc: connected.set()
sensor.will_set(STATUS_TOPIC, "offline", qos=1, retain=True)
sensor.connect(HOST, PORT)
sensor.loop_start()
connected.wait()
sensor.publish(STATUS_TOPIC, "online", qos=1, retain=True).wait_for_publish()

for seq in range(1, 6):
    reading = {"device": DEVICE, "temp": 20 + seq / 2, "hum": 40 + seq, "seq": seq}
    sensor.publish(READING_TOPIC, json.dumps(reading), qos=1).wait_for_publish()
    time.sleep(0.3)

# A goodbye: DISCONNECT takes the will back, so it says "offline" itself …
sensor.publish(STATUS_TOPIC, "offline", qos=1, retain=True).wait_for_publish()
# … and as this is a demo, it leaves nothing stored: an empty retained message erases.
sensor.publish(STATUS_TOPIC, "", qos=1, retain=True).wait_for_publish()
sensor.disconnect()
sensor.loop_stop()
display.disconnect()
display.loop_stop()
