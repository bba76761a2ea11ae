from mqttkit import env, make_client, wait_for_stop

TOPIC = env("STATUS_TOPIC")


# 2  The birth: "here", as often as it becomes true.
def on_connect(client, userdata, flags, rc):
    #  TODO 2: say ONLINE on the topic, for those who come later, too
    print(f"connected; nothing said on {TOPIC} yet")


client = make_client(env("MQTT_CLIENT_ID"))
client.on_connect = on_connect
# 1  The will: what the broker says when this program cannot speak any more.
#    TODO 1: client.will_set(topic, payload, qos=…, retain=…). Is this the right line for it?
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=int(env("MQTT_KEEPALIVE")))
client.loop_start()

# 3  The goodbye: which part of it would the will do for you? Which not?
wait_for_stop()
#  TODO 3: say OFFLINE yourself, and wait until the broker has it
client.disconnect()
client.loop_stop()
