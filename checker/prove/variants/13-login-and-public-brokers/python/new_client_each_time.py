# A new client for each try, driven by hand with loop(); what is not acknowledged waits in a list.
import json
import os
import threading
import time

from mqttkit import env, make_client, on_stop, readings

PUBLIC = os.environ["PUBLIC_BROKER"] == "1"
stopping = threading.Event()
done = threading.Event()
waiting = []
lock = threading.Lock()


def collect():
    for reading in readings():
        with lock:
            waiting.append(reading["temp"])


def one_connection():
    """Until it ends. Gives the CONNACK code."""
    code = []
    under_way = {}
    client = make_client()
    client.on_publish = lambda client, userdata, mid: under_way.pop(mid)
    client.on_connect = lambda *args: code.append(args[3])
    if not PUBLIC:
        client.username_pw_set(os.environ["MQTT_USERNAME"], os.environ["MQTT_PASSWORD"])
    client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
    while client.loop(timeout=0.05) == 0:
        if not code or code[0] != 0:
            continue
        with lock:
            temps, waiting[:] = list(waiting), []
        for temp in temps:
            if PUBLIC:
                told = client.publish(f"{env('PUBLIC_PREFIX')}/toy", '{"temp": 0.5}', qos=1)
            else:
                message = json.dumps({"device": env("DEVICE_SERIAL"), "temp": temp})
                told = client.publish(env("TOPIC"), message, qos=1)
            under_way[told.mid] = temp
        if stopping.is_set() and not temps and not under_way:
            client.disconnect()
            done.set()
    with lock:
        waiting[:0] = under_way.values()
    return code[0] if code else None


on_stop(stopping.set)
threading.Thread(target=collect, daemon=True).start()
while not done.is_set():
    if one_connection() in (4, 5):
        os._exit(2)
    time.sleep(0.3)
