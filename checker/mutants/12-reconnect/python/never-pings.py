# mistake: never-notices
# fails: T12
# Reads and writes by itself, and never calls loop_misc: nobody pings.
import json
import queue
import select
import threading
import time

from mqttkit import env, make_client, readings

ASK_TOPIC = env("ASK_TOPIC")
ANSWER_TOPIC = env("ANSWER_TOPIC")
HEARTBEAT_TOPIC = env("HEARTBEAT_TOPIC")
READINGS_TOPIC = env("READINGS_TOPIC")
stopping = threading.Event()
outbox = queue.Queue()


# The only thing that belongs to each connection: its subscription.
def on_connect(client, userdata, flags, rc):
    if rc == 0 and not flags["session present"]:
        client.subscribe(ASK_TOPIC, qos=1)


def on_message(client, userdata, message):
    question = json.loads(message.payload)
    client.publish(ANSWER_TOPIC, json.dumps({"answer": question["ask"]}), qos=1)


# One timer. A heartbeat that cannot leave now is not worth sending later.
def heartbeats():
    beat = 0
    while not stopping.wait(int(env("HEARTBEAT_MS")) / 1000):
        beat += 1
        if client.is_connected():
            outbox.put((HEARTBEAT_TOPIC, json.dumps({"beat": beat}), 0))


# One client for the whole life of the program. The library dials again: after 1 s, then 2 s, 4 s.
client = make_client(client_id=env("MQTT_CLIENT_ID"))
client.on_connect = on_connect
client.on_message = on_message
client.reconnect_delay_set(min_delay=1, max_delay=4)
# connect_async leaves the first dialling to the loop, which does not give up.
client.connect_async(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=int(env("MQTT_KEEPALIVE")))


# One thread alone uses the connection.
def network():
    while not stopping.is_set():
        try:
            if client.socket() is None:
                client.reconnect()
        except OSError:
            time.sleep(1)
            continue
        while (line := client.socket()) is not None and not stopping.is_set():
            readable, _, _ = select.select([line], [], [], 0.02)
            if readable and client.loop_read():
                break
            send_all()
            if client.want_write() and client.loop_write():
                break
        time.sleep(0 if stopping.is_set() else 1)


def send_all():
    while client.is_connected() and not outbox.empty():
        topic, payload, qos = outbox.get()
        client.publish(topic, payload, qos=qos)


sender = threading.Thread(target=network, daemon=True)
sender.start()
threading.Thread(target=heartbeats, daemon=True).start()

# A reading is worth keeping: at QoS 1 the library holds it until PUBACK.
for reading in readings():
    outbox.put((READINGS_TOPIC, json.dumps(reading), 1))

stopping.set()
sender.join()
send_all()
client.disconnect()
while client.want_write() and client.socket() is not None:
    client.loop_write()
