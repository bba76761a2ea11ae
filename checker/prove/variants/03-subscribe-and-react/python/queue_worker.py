"""The callback only queues; another thread answers."""

import json
import os
import queue
import threading

from mqttkit import env, make_client, on_stop

inbox = queue.Queue()


def work():
    while True:
        payload = inbox.get()
        try:
            reading = json.loads(payload)
            if reading["temp"] is True or reading["temp"] is False:
                continue
            f = reading["temp"] / 5 * 9 + 32
            body = {"seq": reading["seq"], "device": reading["device"], "f": f}
        except Exception:
            continue
        client.publish(env("OUT_TOPIC"), json.dumps(body), qos=1)


client = make_client()
client.on_message = lambda c, u, message: inbox.put(message.payload)
client.on_connect = lambda c, u, flags, rc: c.subscribe([(env("IN_TOPIC"), 1)])
client.on_subscribe = lambda c, u, mid, granted: os._exit(1) if granted[0] == 128 else None
threading.Thread(target=work, daemon=True).start()
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
on_stop(client.disconnect)
client.loop_forever()
