"""A client of its own for presence; loop_forever on the main thread; goodbye in on_publish."""

from mqttkit import env, make_client, on_stop

HOST, PORT, KEEPALIVE = env("MQTT_HOST"), int(env("MQTT_PORT")), int(env("MQTT_KEEPALIVE"))
last = []
leaving = []


def say(word):
    return presence.publish(env("STATUS_TOPIC"), word, qos=1, retain=True).mid


def published(client, userdata, mid):
    if mid in last:
        presence.disconnect()


def goodbye():
    leaving.append(True)
    last.append(say(env("OFFLINE")))


worker = make_client(env("MQTT_CLIENT_ID"))
presence = make_client(env("MQTT_CLIENT_ID") + "-status")
presence.will_set(env("STATUS_TOPIC"), env("OFFLINE"), 1, True)
presence.on_connect = lambda c, u, flags, rc: say(env("OFFLINE" if leaving else "ONLINE"))
presence.on_publish = published
worker.connect(HOST, PORT, KEEPALIVE)
worker.loop_start()
presence.connect(HOST, PORT, KEEPALIVE)
on_stop(goodbye)
presence.loop_forever()
worker.disconnect()
worker.loop_stop()
