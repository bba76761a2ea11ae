"""loop_forever() in the main thread; a worker publishes; accents are dropped with their letters."""

import json
import os
import re
import threading

from mqttkit import env, make_client, readings


def level(name):
    return "-".join(re.findall("[a-z0-9]+", name.lower()))


COMPANY, SITE = level(env("COMPANY")), level(env("SITE"))
if not (COMPANY and SITE):
    os._exit(1)


def work(client):
    for reading in readings():
        device = level(reading["device"])
        for metric in ("temp", "hum") if device else ():
            body = {"seq": reading["seq"], metric: reading[metric], "device": reading["device"]}
            client.publish("/".join((COMPANY, SITE, device, metric)), json.dumps(body), qos=1).wait_for_publish()
    client.disconnect()


client = make_client()
client.on_connect = lambda c, u, flags, rc: threading.Thread(target=work, args=[c]).start()
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_forever()
