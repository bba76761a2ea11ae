import os
import sys
import time

from mqttkit import env, make_client, on_stop


def on_connect(client, userdata, flags, rc):
    if rc != 0:
        os._exit(1)


client = make_client(env("MQTT_CLIENT_ID"))
client.on_connect = on_connect
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=int(env("MQTT_KEEPALIVE")))
on_stop(client.disconnect)
client.loop_forever()
