import json
import threading

from mqttkit import env, make_client, readings

# 1  A name, and clean_session=False: both sides remember unfinished handshakes. (This part is done.)
client = make_client(client_id=env("MQTT_CLIENT_ID"), clean_session=False)
client.reconnect_delay_set(min_delay=0.2)

# 2  One topic and one QoS for each kind: what does a lost message cost, what does a second one?
WAYS = {
    "telemetry": (env("TELEMETRY_TOPIC"), 1),
    "heartbeat": (env("HEARTBEAT_TOPIC"), 0),
    "billing": (env("BILLING_TOPIC"), 2),
}


# 3  Probes: at which QoS does a message reach us?
def on_connect(client, userdata, flags, rc):
    client.subscribe(env("PROBE_TOPIC"), qos=2)


def on_message(client, userdata, message):
    n = json.loads(message.payload)["n"]
    client.publish(env("REPORT_TOPIC"), json.dumps({"n": n, "qos": message.qos}))


# Called when a message has been acknowledged, also one that was published while the line was down.
def on_publish(client, userdata, mid):
    with news:
        acknowledged.add(mid)
        news.notify_all()


acknowledged = set()
news = threading.Condition()
client.on_connect = on_connect
client.on_message = on_message
client.on_publish = on_publish
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()

# 4  Publish each line when it comes; keep what tells you that it has been acknowledged.
unfinished = []
for line in readings():
    topic, qos = WAYS[line["kind"]]
    message = client.publish(topic, json.dumps(line), qos=qos)
    if qos > 0:
        unfinished.append(message.mid)

# 5  Leave when everything has been acknowledged.
with news:
    news.wait_for(lambda: acknowledged.issuperset(unfinished))
client.disconnect()
client.loop_stop()
