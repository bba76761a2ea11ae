# mistake: never-stops
# fails: T8
# Nothing waits for the stop.
from mqttkit import env, make_client, wait_for_stop

TOPIC = env("STATUS_TOPIC")


# 2  At every new connection: the broker may have spoken the will meanwhile.
def on_connect(client, userdata, flags, rc):
    client.publish(TOPIC, env("ONLINE"), qos=1, retain=True)


# 1  The will travels in CONNECT: it is what the broker says when this program cannot.
client = make_client(env("MQTT_CLIENT_ID"))
client.will_set(TOPIC, env("OFFLINE"), qos=1, retain=True)
client.on_connect = on_connect
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=int(env("MQTT_KEEPALIVE")))
client.loop_start()

# 3  DISCONNECT discards the will, so the last word is said before it.
import time

while True:
    time.sleep(1)
client.publish(TOPIC, env("OFFLINE"), qos=1, retain=True).wait_for_publish()
client.disconnect()
client.loop_stop()
