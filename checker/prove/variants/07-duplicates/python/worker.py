"""The callback only queues; a worker adds up, gathers totals, and flushes them before the end."""

import json
import queue
import threading

from mqttkit import env, make_client, on_stop

inbox = queue.Queue()
added = set()
totals = {}


def work():
    changed = set()
    going = True
    while going or changed:
        try:
            item = inbox.get(timeout=0.1)
        except queue.Empty:
            item = None
            for device in sorted(changed):
                text = json.dumps({"device": device, "kwh": totals[device]})
                client.publish(f"{env('TOTALS')}/{device}", text, qos=1)
            changed.clear()
        if item is stop:
            going = False
        elif item is not None:
            reading = json.loads(item)
            key = tuple(reading[name] for name in ("seq", "boot", "device"))
            if key not in added:
                added.add(key)
                device = reading["device"]
                totals[device] = totals.get(device, 0.0) + reading["kwh"]
                changed.add(device)
    client.disconnect()


stop = object()
client = make_client(client_id=env("MQTT_CLIENT_ID"), clean_session=False)
client.on_message = lambda c, u, message: inbox.put(message.payload)
client.on_connect = lambda c, u, flags, rc: c.subscribe(f"{env('METERS')}/+/energy", 1)
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
threading.Thread(target=work, daemon=True).start()
on_stop(lambda: inbox.put(stop))
client.loop_forever()
