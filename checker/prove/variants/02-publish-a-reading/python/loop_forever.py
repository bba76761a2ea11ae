"""The network loop has the main thread; the readings have another one. QoS 0, compact JSON."""

import json
import threading

from mqttkit import env, make_client, readings


def publish_all():
    for seq, reading in enumerate(readings(), start=1):
        text = json.dumps({**reading, "seq": seq}, separators=(",", ":"), ensure_ascii=False)
        client.publish(env("TOPIC"), text).wait_for_publish()
    client.disconnect()


def on_connect(client, userdata, flags, rc):
    threading.Thread(target=publish_all).start()


client = make_client()
client.on_connect = on_connect
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_forever()
