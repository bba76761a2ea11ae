"""A client for each duty; the state is said again at every connection, once it is known."""

import json

from mqttkit import env, make_client, readings

known = []


def say(client, userdata=None, flags=None, rc=0):
    if known:
        client.publish(env("STATE_TOPIC"), json.dumps({"mode": known[-1]}), 1, True)


def watch(client, userdata, message):
    source = "live" if not message.retain else "stored"
    mode = json.loads(message.payload)["mode"] if message.payload else ""
    report = {"device": message.topic.split("/")[1], "source": source if message.payload else "erased", "mode": mode}
    client.publish(env("REPORT_TOPIC"), json.dumps(report), 1)


device, watcher = make_client("a-device"), make_client("a-watcher")
device.on_connect = say
watcher.on_message = watch
for client in (device, watcher):
    client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
watcher.subscribe(env("WATCH_FILTER"), 1)
for client in (device, watcher):
    client.loop_start()
last = None
for line in readings():
    if "mode" in line:
        known.append(line["mode"])
        say(device)
    elif "temp" in line:
        last = device.publish(env("TELEMETRY_TOPIC"), json.dumps({"temp": line["temp"]}), 1)
    else:
        known.clear()
        device.publish(env("STATE_TOPIC"), bytearray(), 1, True).wait_for_publish()
for client in (device, watcher):
    client.disconnect()
    client.loop_stop()
