import json

from mqttkit import env, make_client, on_stop

JOBS_TOPIC = env("JOBS_TOPIC")
DONE_TOPIC = env("DONE_TOPIC")


# 4  Subscribe when the broker has no session of yours: at every connection.
def on_connect(client, userdata, flags, rc):
    if not flags["session present"]:
        client.subscribe(JOBS_TOPIC, qos=1)


def on_message(client, userdata, message):
    job = job_id(message.payload)
    # What is no job is acknowledged like any other. Otherwise it would come again at each start.
    if job is None:
        print(f"left out {len(message.payload)} bytes that are no job")
        return
    print(f"printing the label of {job}")
    # 3  The done message leaves first, the acknowledgement of the job second.
    client.publish(DONE_TOPIC, json.dumps({"done": job}), qos=1)


def job_id(payload):
    try:
        job = json.loads(payload)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return job if isinstance(job, str) else None


# 1  Come back under the same name, and ask the broker to keep the session.
client = make_client(client_id=env("MQTT_CLIENT_ID"), clean_session=False)

# 2  Listen before the connection is up: waiting jobs come right behind CONNACK.
client.on_connect = on_connect
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))

# 5  Leave, and keep the session: DISCONNECT, but no UNSUBSCRIBE.
on_stop(client.disconnect)
client.loop_forever()
