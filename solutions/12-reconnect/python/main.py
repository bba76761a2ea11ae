import json
import threading

from mqttkit import env, make_client, readings

ASK_TOPIC = env("ASK_TOPIC")
ANSWER_TOPIC = env("ANSWER_TOPIC")
HEARTBEAT_TOPIC = env("HEARTBEAT_TOPIC")
READINGS_TOPIC = env("READINGS_TOPIC")
stopping = threading.Event()
acknowledged = set()
news = threading.Condition()


# The only thing that belongs to each connection: its subscription.
def on_connect(client, userdata, flags, rc):
    if rc == 0 and not flags["session present"]:
        client.subscribe(ASK_TOPIC, qos=1)


def on_message(client, userdata, message):
    try:
        ask = json.loads(message.payload)["ask"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return  # What is no question is left out: it ends nothing.
    if isinstance(ask, str):
        client.publish(ANSWER_TOPIC, json.dumps({"answer": ask}), qos=1)


# Called when a message has been acknowledged, also one that was published while the line was down.
def on_publish(client, userdata, mid):
    with news:
        acknowledged.add(mid)
        news.notify_all()


# One timer. A heartbeat that cannot leave now is not worth sending later.
def heartbeats():
    beat = 0
    while not stopping.wait(int(env("HEARTBEAT_MS")) / 1000):
        beat += 1
        if client.is_connected():
            client.publish(HEARTBEAT_TOPIC, json.dumps({"beat": beat}), qos=0)


# One client for the whole life of the program. The library dials again: after 1 s, then every 2 s.
client = make_client(client_id=env("MQTT_CLIENT_ID"))
client.on_connect = on_connect
client.on_message = on_message
client.on_publish = on_publish
client.reconnect_delay_set(min_delay=1, max_delay=2)
# connect_async leaves the first dialling to the loop, which does not give up.
client.connect_async(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=int(env("MQTT_KEEPALIVE")))
client.loop_start()
threading.Thread(target=heartbeats, daemon=True).start()

# A reading is worth keeping: at QoS 1 the library holds it until PUBACK.
unconfirmed = []
for reading in readings():
    unconfirmed.append(client.publish(READINGS_TOPIC, json.dumps(reading), qos=1).mid)

# No more input: leave when every reading has been acknowledged, whatever the line does meanwhile.
with news:
    news.wait_for(lambda: acknowledged.issuperset(unconfirmed))
stopping.set()
client.disconnect()
client.loop_stop()
