import json
import threading

from mqttkit import env, make_client, readings

# 1  Open one connection for all readings.
connected = threading.Event()
client = make_client()
client.on_connect = lambda client, userdata, flags, rc: connected.set()
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()
connected.wait()

# 2  Count the readings, so that a consumer notices loss and duplicates.
for seq, reading in enumerate(readings(), start=1):
    # 3  Turn each reading into one message, as soon as it comes.
    payload = json.dumps(
        {"device": reading["device"], "temp": reading["temp"], "hum": reading["hum"], "seq": seq}
    )
    # 4  Wait until the message has left before you go on.
    client.publish(env("TOPIC"), payload, qos=1).wait_for_publish()

# 5  No more readings: say goodbye, and wait until that has left, too.
client.disconnect()
client.loop_stop()
