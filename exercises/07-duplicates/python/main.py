import json

from mqttkit import env, make_client, on_stop

# 1  A name, and clean_session=False: the broker keeps for us what comes while the line is down.
#    (This part is done.)
client = make_client(client_id=env("MQTT_CLIENT_ID"), clean_session=False)
client.reconnect_delay_set(min_delay=0.2)


# 2  What makes a reading unique?
#  TODO 3: a key that is the same for a copy, and another one for any other reading
def key_of(reading):
    return None


# 3  Add each reading once; say the new total.
def on_message(client, userdata, message):
    reading = json.loads(message.payload)
    #  TODO 2: add it to the total of its device, and publish that total at QoS 1
    #  TODO 4: leave out what has been added already
    print(f"{message.topic}: {reading['kwh']} kWh, not added yet; key {key_of(reading)}")


# 4  All meters, at QoS 1.
def on_connect(client, userdata, flags, rc):
    #  TODO 1: one subscription for METERS/<any device>/energy
    print("connected; nothing subscribed yet")


client.on_connect = on_connect
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
on_stop(client.disconnect)
client.loop_forever()
