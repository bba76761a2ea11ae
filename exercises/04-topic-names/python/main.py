import json
import re
import sys
import threading

from mqttkit import env, make_client, readings


# 1  A name for people becomes a level: a to z, 0 to 9 and -. Nothing left? Then it is "".
def level(name):
    #  TODO 1: lower case; every other character becomes - or goes (re.sub); "" when no
    #          letter and no digit is left
    return name


# 2  The general levels come first. Without them there is no place to publish.
company = level(env("COMPANY"))
site = level(env("SITE"))
#    TODO 2: when one of them is "", say so and end: sys.exit("…") gives exit code 1

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
    #    TODO 3: make the place of the device: company, site, device; skip the reading
    #            when device is ""
    place = f"{company}"
    # 4  One metric, one topic. The payload keeps the name for people.
    payload = json.dumps({"device": name, "temp": reading["temp"], "seq": seq})
    client.publish(f"{place}/temp", payload, qos=1).wait_for_publish()
    #    TODO 4: the same for hum, on a topic of its own
    print(f"hum {reading['hum']} of {device} in {site} has no topic yet")

client.disconnect()
client.loop_stop()
