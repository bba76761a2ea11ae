import json

from mqttkit import env, make_client, readings

STATE_TOPIC = env("STATE_TOPIC")
TELEMETRY_TOPIC = env("TELEMETRY_TOPIC")
REPORT_TOPIC = env("REPORT_TOPIC")


# 1  The watcher: say of each message whether it was stored, happens now, or erases.
def on_message(client, userdata, message):
    #  TODO 4: publish {"device":…, "source":…, "mode":…} as JSON on REPORT_TOPIC. The device is
    #          a level of message.topic. Start with the messages of zero bytes; then look at
    #          message.retain.
    print(f"{message.topic}: {len(message.payload)} bytes, retain {message.retain}")


def on_connect(client, userdata, flags, rc):
    client.subscribe(env("WATCH_FILTER"), qos=1)


client = make_client()
client.on_message = on_message
client.on_connect = on_connect
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()

# 2  The device: which messages are for those who come later, too?
for line in readings():
    if "decommission" in line:
        #  TODO 3: leave nothing stored on STATE_TOPIC
        print("scrapped")
    elif "mode" in line:
        #  TODO 1: publish {"mode":…} on STATE_TOPIC: at QoS 1, and stored
        print(f"the mode is {line['mode']}; nothing said on {STATE_TOPIC} yet")
    else:
        #  TODO 2: publish {"temp":…} on TELEMETRY_TOPIC; is this a state or an event?
        print(f"{line['temp']} degrees; nothing said on {TELEMETRY_TOPIC} yet")
#  Each publish gives an object with wait_for_publish(): it returns when the message has left.
client.disconnect()
client.loop_stop()
