"""on_publish keeps the books; loop_forever() in the main thread; a clean session."""

import json
import threading

from mqttkit import env, make_client, readings

QOS = {"telemetry": 1, "heartbeat": 0, "billing": 2}
open_ids = set()
early = set()
changed = threading.Condition()
connected = threading.Event()


def on_connect(client, userdata, flags, rc):
    client.subscribe([(env("PROBE_TOPIC"), 2)])
    connected.set()


def on_message(client, userdata, message):
    probe = json.loads(message.payload.decode())
    probe["qos"] = message.qos
    client.publish(env("REPORT_TOPIC"), json.dumps(probe, indent=1), 2)


def on_publish(client, userdata, mid):
    with changed:
        if mid in open_ids:
            open_ids.discard(mid)
        else:
            early.add(mid)
        changed.notify_all()


def work():
    connected.wait()
    for line in readings():
        kind = line["kind"]
        _, mid = client.publish(env(kind.upper() + "_TOPIC"), json.dumps(line), QOS[kind])
        with changed:
            if mid in early:
                early.discard(mid)
            else:
                open_ids.add(mid)
    with changed:
        changed.wait_for(lambda: not open_ids)
    client.disconnect()


client = make_client(env("MQTT_CLIENT_ID"))
client.on_connect = on_connect
client.on_message = on_message
client.on_publish = on_publish
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
threading.Thread(target=work, daemon=True).start()
client.loop_forever()
