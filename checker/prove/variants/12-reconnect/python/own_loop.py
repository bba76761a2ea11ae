# One thread for everything: loop() by hand, its own pause that grows, and a kept session.
import json
import queue
import threading
import time

from mqttkit import env, make_client, on_stop, readings

stopping = threading.Event()
inbox = queue.Queue()


def on_connect(client, userdata, flags, rc):
    if not flags.get("session present"):
        client.subscribe([(env("ASK_TOPIC"), 0)])


def on_message(client, userdata, message):
    try:
        answer = {"answer": json.loads(message.payload.decode())["ask"], "by": "variant"}
    except Exception as error:
        print(f"no question: {error!r}"[:80])
        return
    client.publish(env("ANSWER_TOPIC"), json.dumps(answer))


def feed():
    for reading in readings():
        inbox.put(reading)
    stopping.set()


client = make_client(env("MQTT_CLIENT_ID"), clean_session=False)
client.on_connect = on_connect
client.on_message = on_message
client.connect_async(env("MQTT_HOST"), int(env("MQTT_PORT")), int(env("MQTT_KEEPALIVE")))
threading.Thread(target=feed, daemon=True).start()
open_readings = set()
client.on_publish = lambda client, userdata, mid: open_readings.discard(mid)
pause = 0.0
dial_at = 0.0
beat_at = 0.0
while not stopping.is_set() or open_readings or not inbox.empty():
    if client.socket() is None:
        if time.monotonic() >= dial_at:
            pause = min(2.0, pause + 0.5)
            dial_at = time.monotonic() + pause
            try:
                client.reconnect()
            except OSError:
                pass
        else:
            time.sleep(0.05)
    else:
        client.loop(0.02)
    if client.is_connected():
        pause = 0.0
        if time.monotonic() >= beat_at:
            beat_at = time.monotonic() + int(env("HEARTBEAT_MS")) / 1000
            client.publish(env("HEARTBEAT_TOPIC"), "{}")
    while not inbox.empty():
        sent = client.publish(env("READINGS_TOPIC"), json.dumps(inbox.get()), qos=1)
        open_readings.add(sent.mid)
client.disconnect()
client.loop(0.05)
