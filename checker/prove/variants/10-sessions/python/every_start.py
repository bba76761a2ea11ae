# Subscribes at every start, with a handler of its own for the topic; QoS 2 both ways; own loop.
import json

from mqttkit import env, make_client, on_stop

client = make_client(env("MQTT_CLIENT_ID"), False)
running = True


def job(client, userdata, message):
    done = json.dumps({"done": json.loads(message.payload.decode("utf-8"))["id"], "by": "printer"})
    client.publish(env("DONE_TOPIC"), done, qos=2)


def stop():
    global running
    running = False


client.message_callback_add(env("JOBS_TOPIC"), job)
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=20)
client.subscribe([(env("JOBS_TOPIC"), 2)])
on_stop(stop)
while running:
    client.loop(0.05)
client.disconnect()
client.loop(0.05)
