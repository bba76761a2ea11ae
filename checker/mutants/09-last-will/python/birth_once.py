# mistake: birth-only-once
# fails: T5
# Says it once, behind connect().
from mqttkit import env, make_client, wait_for_stop

TOPIC = env("STATUS_TOPIC")


# 2  At every new connection: the broker may have spoken the will meanwhile.
def on_connect(client, userdata, flags, rc):
    print("connected")


# 1  The will travels in CONNECT: it is what the broker says when this program cannot.
client = make_client(env("MQTT_CLIENT_ID"))
client.will_set(TOPIC, env("OFFLINE"), qos=1, retain=True)
client.on_connect = on_connect
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=int(env("MQTT_KEEPALIVE")))
client.publish(TOPIC, env("ONLINE"), qos=1, retain=True)
client.loop_start()

# 3  DISCONNECT discards the will, so the last word is said before it.
wait_for_stop()
client.publish(TOPIC, env("OFFLINE"), qos=1, retain=True).wait_for_publish()
client.disconnect()
client.loop_stop()
