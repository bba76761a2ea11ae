# One client listens and answers, another one speaks; QoS 2 for the readings.
import json
import threading
import time

from mqttkit import env, make_client, readings, wait_for_stop

stopped = threading.Event()


def line(suffix):
    client = make_client(client_id=env("MQTT_CLIENT_ID") + suffix, clean_session=True)
    client.reconnect_delay_set(1, 3)
    return client


def answer(client, userdata, message):
    try:
        question = json.loads(message.payload)["ask"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    client.publish(env("ANSWER_TOPIC"), json.dumps({"answer": question}, indent=1), qos=1)


ears = line("")
ears.on_connect = lambda client, userdata, flags, rc: client.subscribe(env("ASK_TOPIC"), 2)
ears.message_callback_add(env("ASK_TOPIC"), answer)
mouth = line("-mouth")
for one in (ears, mouth):
    one.connect_async(env("MQTT_HOST"), int(env("MQTT_PORT")), int(env("MQTT_KEEPALIVE")))
    one.loop_start()


acknowledged = set()
mouth.on_publish = lambda client, userdata, mid: acknowledged.add(mid)


def log():
    sent = [
        mouth.publish(env("READINGS_TOPIC"), json.dumps(reading), qos=2).mid
        for reading in readings()
    ]
    while not acknowledged.issuperset(sent):
        time.sleep(0.05)


def pulse():
    while not stopped.wait(int(env("HEARTBEAT_MS")) / 1000):
        mouth.publish(env("HEARTBEAT_TOPIC"), json.dumps({"alive": True}))


logger = threading.Thread(target=log, daemon=True)
logger.start()
threading.Thread(target=pulse, daemon=True).start()
wait_for_stop()
logger.join()
stopped.set()
for one in (mouth, ears):
    one.disconnect()
    one.loop_stop()
