# The network on a thread of paho; a job that comes again is answered from memory.
import json

from mqttkit import env, make_client, wait_for_stop

answers = {}


def on_message(client, userdata, message):
    try:
        job = json.loads(message.payload)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    answers.setdefault(job, json.dumps({"done": job}))
    client.publish(message.topic.replace("jobs", "done"), answers[job], qos=1)


def on_connect(client, userdata, flags, rc):
    if flags.get("session present", 0) == 0:
        client.subscribe((env("JOBS_TOPIC"), 1))


worker = make_client(env("MQTT_CLIENT_ID"), clean_session=False)
worker.on_connect = on_connect
worker.on_message = on_message
worker.connect_async(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=15)
worker.loop_start()
wait_for_stop()
worker.disconnect()
worker.loop_stop()
