"""Calls loop() by hand, in its own rhythm."""

import sys

from mqttkit import env, make_client, on_stop

state = {"stop": False, "refused": False}
client = make_client(env("MQTT_CLIENT_ID"))
client.on_connect = lambda client, userdata, flags, rc: state.update(refused=rc != 0)
on_stop(lambda: state.update(stop=True))
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), int(env("MQTT_KEEPALIVE")))
while not state["stop"] and not state["refused"]:
    client.loop(timeout=0.1)
if state["refused"]:
    sys.exit(1)
client.disconnect()
client.loop(timeout=0.1)
