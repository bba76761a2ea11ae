import json
import os

from mqttkit import env, make_client, on_stop

COMMAND_TOPIC = env("COMMAND_TOPIC")
STATE_TOPIC = env("STATE_TOPIC")
ERROR_TOPIC = env("ERROR_TOPIC")


# 1  What comes in is a stranger's text: bytes to a dict, or {}.
def parse(payload):
    try:
        value = json.loads(payload.decode())
        # What is nested too deep to be written again cannot be answered.
        json.dumps(value)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


# 2  Do what is asked, or say why not. Set, never toggle.
def obey(client, payload):
    command = parse(payload)
    led = command.get("led")
    answer = {"id": command["id"]} if "id" in command else {}
    if led not in ("on", "off"):
        report(client, ERROR_TOPIC, {"error": 'led must be "on" or "off"', **answer}, False)
        return
    print(f"the lamp is {led}")
    report(client, STATE_TOPIC, {"led": led, **answer}, True)


# 3  State is stored for those who come later. An error is news, and is not.
def report(client, topic, message, retain):
    client.publish(topic, json.dumps(message), qos=1, retain=retain)


# 4  A stored command is an old one: somebody wanted that once.
def on_message(client, userdata, message):
    if message.retain:
        print(f"ignored a stored command on {message.topic}")
    else:
        obey(client, message.payload)


# 5  Commands at QoS 1.
def on_connect(client, userdata, flags, rc):
    client.subscribe(COMMAND_TOPIC, qos=1)


def on_subscribe(client, userdata, mid, granted_qos):
    if 128 in granted_qos:
        os._exit(1)


client = make_client()
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
on_stop(client.disconnect)
client.loop_forever()
