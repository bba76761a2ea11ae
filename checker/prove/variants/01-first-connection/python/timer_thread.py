"""loop_start() and a main thread that waits for the stop."""

import os

from mqttkit import env, make_client, wait_for_stop


def on_connect(client, userdata, flags, rc):
    if rc:
        os._exit(1)


client = make_client(env("MQTT_CLIENT_ID"))
client.on_connect = on_connect
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), int(env("MQTT_KEEPALIVE")))
client.loop_start()
wait_for_stop()
client.disconnect()
client.loop_stop()
