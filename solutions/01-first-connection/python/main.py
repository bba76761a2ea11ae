import os
import sys

from mqttkit import env, make_client, on_stop


# 2  Prove it: CONNACK is the broker's answer.
def on_connect(client, userdata, flags, rc):
    if rc == 0:
        print("connected")
        return
    # 3  Take no for an answer: a refusal ends the program with exit code 1.
    print(f"refused with code {rc}", file=sys.stderr)
    os._exit(1)


# 1  Connect: under the name you were given, with the keep-alive you were given.
client = make_client(env("MQTT_CLIENT_ID"))
client.on_connect = on_connect
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=int(env("MQTT_KEEPALIVE")))

# 4  Leave: say goodbye when you are asked to stop.
on_stop(client.disconnect)

client.loop_forever()
