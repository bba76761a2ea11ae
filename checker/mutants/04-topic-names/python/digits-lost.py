# mistake: letters-lost
# fails: T2
# Keeps letters only.
import json
import re
import sys
import threading
import unicodedata

from mqttkit import env, make_client, readings


# 1  A name for people becomes a level: a to z, 0 to 9 and -. Nothing left? Then it is "".
def level(name):
    parts = unicodedata.normalize("NFD", name)
    plain = "".join(c for c in parts if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z]+", "-", plain).strip("-")


# 2  The general levels come first. Without them there is no place to publish.
company = level(env("COMPANY"))
site = level(env("SITE"))
if company == "" or site == "":
    sys.exit("COMPANY and SITE need at least one letter or digit each")

connected = threading.Event()
client = make_client()
client.on_connect = lambda client, userdata, flags, rc: connected.set()
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()
connected.wait()

for reading in readings():
    name, seq = reading["device"], reading["seq"]
    # 3  The device is a level of its own. A device without a name is skipped.
    device = level(name)
    if device == "":
        print(f"skipped a reading of {name!r}: no letter, no digit", file=sys.stderr)
        continue
    place = f"{company}/{site}/{device}"
    # 4  One metric, one topic. The payload keeps the name for people.
    for metric in ("temp", "hum"):
        payload = json.dumps({"device": name, metric: reading[metric], "seq": seq})
        client.publish(f"{place}/{metric}", payload, qos=1).wait_for_publish()

client.disconnect()
client.loop_stop()
