# Subscribes at every connection, with a handler of its own for the topic; QoS 2 both ways; own loop.
import json
import time

from mqttkit import env, make_client, on_stop

client = make_client(env("MQTT_CLIENT_ID"), False)
running = True


def job(client, userdata, message):
    try:
        name = json.loads(message.payload.decode("utf-8"))["id"]
    except Exception as error:
        print(f"no job: {error!r}"[:80])
        return
    client.publish(env("DONE_TOPIC"), json.dumps({"done": name, "by": "printer"}), qos=2)


def stop():
    global running
    running = False


client.on_connect = lambda client, *_: client.subscribe([(env("JOBS_TOPIC"), 2)])
client.message_callback_add(env("JOBS_TOPIC"), job)
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=20)
on_stop(stop)
while running:
    if client.loop(0.05) != 0 and running:
        time.sleep(0.3)
        try:
            client.reconnect()
        except OSError:
            pass
client.disconnect()
client.loop(0.05)
