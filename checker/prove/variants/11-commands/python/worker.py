"""A worker thread obeys; the callback only queues. Subscribes before CONNACK, at QoS 2."""

import json
import queue
import threading

from mqttkit import env, make_client, wait_for_stop

inbox = queue.Queue()
KNOWN = {"on": True, "off": False}
lamp = False


def work():
    global lamp
    for message in iter(inbox.get, None):
        if message.retain:
            print("old news")
            continue
        command = None
        try:
            command = json.loads(str(message.payload, "utf-8"))
            wanted = command["led"]
            lamp = KNOWN[wanted]
        except Exception as error:
            known = {"id": command["id"]} if isinstance(command, dict) and "id" in command else {}
            body = {**known, "error": repr(error)[:80]}
            client.publish(env("ERROR_TOPIC"), json.dumps(body), qos=1)
            continue
        body = {**command, "led": wanted, "lit": lamp}
        client.publish(env("STATE_TOPIC"), json.dumps(body), qos=1, retain=True).wait_for_publish()


client = make_client()
client.message_callback_add(env("COMMAND_TOPIC"), lambda c, u, message: inbox.put(message))
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.subscribe(env("COMMAND_TOPIC"), 2)
client.loop_start()
worker = threading.Thread(target=work)
worker.start()
wait_for_stop()
inbox.put(None)
worker.join()
client.disconnect()
client.loop_stop()
