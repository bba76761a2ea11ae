"""Says that the lamp is off when it connects; reports at QoS 0; a class for the lamp."""

import json

from mqttkit import env, make_client, on_stop


class Lamp:
    def __init__(self):
        self.led = "off"

    def obey(self, command):
        if not isinstance(command, dict) or command.get("led") not in ["on", "off"]:
            raise ValueError("no such command")
        self.led = command["led"]


lamp = Lamp()


def state(client, **more):
    client.publish(env("STATE_TOPIC"), json.dumps({"led": lamp.led, **more}), retain=True)


def on_connect(client, userdata, flags, rc):
    state(client)
    client.subscribe([(env("COMMAND_TOPIC"), 1)])


def on_message(client, userdata, message):
    if message.retain:
        return
    command = {}
    try:
        command = json.loads(message.payload)
        lamp.obey(command)
    except (ValueError, RecursionError) as error:
        more = {"id": command["id"]} if isinstance(command, dict) and "id" in command else {}
        client.publish(env("ERROR_TOPIC"), json.dumps({"error": str(error), **more}))
        return
    state(client, **({"id": command["id"]} if "id" in command else {}))


client = make_client(client_id="variant-lamp")
client.on_connect = on_connect
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
on_stop(client.disconnect)
client.loop_forever()
