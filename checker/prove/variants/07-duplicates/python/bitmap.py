"""A sliding bitmap for each meter and boot; a callback for the filter; the subscription right away."""

import json

from mqttkit import env, make_client, wait_for_stop

WIDTH = 512
windows = {}
totals = {}


def is_new(key, seq):
    top, bits = windows.get(key, (seq, 0))
    if seq > top:
        bits = (bits << (seq - top)) & ((1 << WIDTH) - 1)
        top = seq
    mask = 1 << (top - seq)
    new = top - seq < WIDTH and not bits & mask
    windows[key] = (top, bits | mask if new else bits)
    return new


def on_energy(client, userdata, message):
    reading = json.loads(message.payload.decode("utf-8"))
    device = message.topic.split("/")[-2]
    if is_new((device, reading["boot"]), reading["seq"]):
        totals[device] = round(totals.get(device, 0) + reading["kwh"], 3)
        body = {"unit": "kWh", "device": device, "kwh": totals[device]}
        client.publish(env("TOTALS") + "/" + device, json.dumps(body, indent=1), 1)


client = make_client(env("MQTT_CLIENT_ID"), clean_session=False)
client.message_callback_add(env("METERS") + "/+/energy", on_energy)
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=20)
client.subscribe([(env("METERS") + "/+/energy", 1)])
client.loop_start()
wait_for_stop()
client.disconnect()
client.loop_stop()
