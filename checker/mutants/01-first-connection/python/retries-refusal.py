# mistake: keeps-trying
# fails: T6
# Tries again and again when it is refused.
import os
import sys
import time

from mqttkit import env, make_client, on_stop


def on_connect(client, userdata, flags, rc):
    if rc != 0:
        print(rc)


client = make_client(env("MQTT_CLIENT_ID"))
client.on_connect = on_connect
client.reconnect_delay_set(1, 1)
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=int(env("MQTT_KEEPALIVE")))
on_stop(client.disconnect)
client.loop_forever()
