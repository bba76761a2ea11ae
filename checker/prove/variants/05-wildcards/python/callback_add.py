"""A callback for each filter; subscribes before CONNACK has come; loop_start()."""

import json

from mqttkit import env, make_client, wait_for_stop

FILTER = "/".join([env("COMPANY"), env("SITE"), "+", "temp"])
latest = {}


def temperature(client, userdata, message):
    *_, device, _ = message.topic.split("/")
    latest.pop(device, None)
    latest[device] = json.loads(message.payload.decode())["temp"]


def query(client, userdata, message):
    client.publish(env("REPLY_TOPIC"), json.dumps(latest, indent=1, sort_keys=True))


client = make_client(client_id="variant-callbacks")
client.message_callback_add(FILTER, temperature)
client.message_callback_add(env("QUERY_TOPIC"), query)
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.subscribe(FILTER, 1)
client.subscribe(env("QUERY_TOPIC"), 1)
client.loop_start()
wait_for_stop()
client.disconnect()
client.loop_stop()
