# mistake: thread-dead
# fails: U6
# Parses zero bytes.
import json

from mqttkit import env, make_client, readings

STATE_TOPIC = env("STATE_TOPIC")
TELEMETRY_TOPIC = env("TELEMETRY_TOPIC")
REPORT_TOPIC = env("REPORT_TOPIC")


# 1  The watcher: zero bytes erase, RETAIN marks what was stored, the rest happens now.
def on_message(client, userdata, message):
    report = {"device": message.topic.split("/")[-2]}
    if message.payload is None:
        report["source"] = "erased"
    else:
        report["source"] = "stored" if message.retain else "live"
        report["mode"] = json.loads(message.payload)["mode"]
    client.publish(REPORT_TOPIC, json.dumps(report), qos=1)


def on_connect(client, userdata, flags, rc):
    client.subscribe(env("WATCH_FILTER"), qos=1)


client = make_client()
client.on_message = on_message
client.on_connect = on_connect
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()

# 2  The device: state is stored, events are not.
for line in readings():
    if "decommission" in line:
        sent = client.publish(STATE_TOPIC, b"", qos=1, retain=True)
    elif "mode" in line:
        sent = client.publish(STATE_TOPIC, json.dumps({"mode": line["mode"]}), qos=1, retain=True)
    else:
        sent = client.publish(TELEMETRY_TOPIC, json.dumps({"temp": line["temp"]}), qos=1)
    sent.wait_for_publish()
client.disconnect()
client.loop_stop()
