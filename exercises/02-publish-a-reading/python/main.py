import json
import threading

from mqttkit import env, make_client, readings

# 1  Open one connection for all readings. (This part is done.)
connected = threading.Event()
client = make_client()
client.on_connect = lambda client, userdata, flags, rc: connected.set()
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()
connected.wait()
topic = env("TOPIC")

# 2  Count the readings, so that a consumer notices loss and duplicates.
#    TODO 1: keep a number `seq` that is 1 for the first reading.

for reading in readings():
    # 3  Turn each reading into one message, as soon as it comes.
    #    TODO 2: make the JSON text {"device":…,"temp":…,"hum":…,"seq":…}
    #    TODO 3: publish it on `topic`
    print(f"a reading of {reading['device']}: {reading['temp']} °C, for {topic}")

# 4  No more readings: leave when everything has left.
#    TODO 4: wait until the last message has left, then disconnect
client.disconnect()
client.loop_stop()
