from mqttkit import env, make_client, on_stop


def on_connect(client, userdata, flags, rc):
    # 1  Say something, under the topic name that you were given.
    #    TODO 1: publish a message with client.publish(topic, payload).
    pass


client = make_client()
client.on_connect = on_connect
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))

# 2  Leave: say goodbye when you are asked to stop. (This part is done.)
on_stop(client.disconnect)
client.loop_forever()
