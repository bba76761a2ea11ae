# mistake: clean-session
# fails: T1
# Has a name, and the default clean_session=True.
import json

from mqttkit import env, make_client, on_stop

JOBS_TOPIC = env("JOBS_TOPIC")
DONE_TOPIC = env("DONE_TOPIC")


# 4  Subscribe when the broker has no session of yours.
def on_connect(client, userdata, flags, rc):
    if not flags["session present"]:
        client.subscribe(JOBS_TOPIC, qos=1)


def on_message(client, userdata, message):
    job = json.loads(message.payload)
    print(f"printing the label of {job['id']}")
    # 3  The done message leaves first, the acknowledgement of the job second.
    client.publish(DONE_TOPIC, json.dumps({"done": job["id"]}), qos=1)


# 1  Come back under the same name, and ask the broker to keep the session.
client = make_client(client_id=env("MQTT_CLIENT_ID"))

# 2  Listen before the connection is up: waiting jobs come right behind CONNACK.
client.on_connect = on_connect
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))

# 5  Leave, and keep the session: DISCONNECT, but no UNSUBSCRIBE.
on_stop(client.disconnect)
client.loop_forever()
