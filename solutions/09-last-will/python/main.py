import threading

from mqttkit import env, make_client, wait_for_stop

TOPIC = env("STATUS_TOPIC")


# 2  At every new connection: the broker may have spoken the will meanwhile.
def on_connect(client, userdata, flags, rc):
    word = env("OFFLINE") if stopping.is_set() else env("ONLINE")
    client.publish(TOPIC, word, qos=1, retain=True)


# Called when a message has been acknowledged, also one that was published while the line was down.
def on_publish(client, userdata, mid):
    with news:
        acknowledged.add(mid)
        news.notify_all()


stopping = threading.Event()
acknowledged = set()
news = threading.Condition()


# 1  The will travels in CONNECT: it is what the broker says when this program cannot.
client = make_client(env("MQTT_CLIENT_ID"))
client.will_set(TOPIC, env("OFFLINE"), qos=1, retain=True)
client.on_connect = on_connect
client.on_publish = on_publish
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=int(env("MQTT_KEEPALIVE")))
client.loop_start()

# 3  DISCONNECT discards the will, so the last word is said before it.
wait_for_stop()
stopping.set()
goodbye = client.publish(TOPIC, env("OFFLINE"), qos=1, retain=True)
with news:
    news.wait_for(lambda: goodbye.mid in acknowledged)
client.disconnect()
client.loop_stop()
