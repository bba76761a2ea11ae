# mistake: thread-dead
# fails: U6
# Raises an exception when a copy comes.
import json

from mqttkit import env, make_client, wait_for_stop

# 1  A name, and clean_session=False: the broker keeps for us what comes while the line is down.
#    (This part is done.)
client = make_client(client_id=env("MQTT_CLIENT_ID"), clean_session=False)
client.reconnect_delay_set(min_delay=0.2)


# 2  What makes a reading unique?
def key_of(reading):
    return reading["device"], reading["boot"], reading["seq"]


# 3  Add each reading once; say the new total.
added = set()
totals = {}


def on_message(client, userdata, message):
    reading = json.loads(message.payload)
    device = reading["device"]
    if key_of(reading) in added:
        raise ValueError("seen already")
    added.add(key_of(reading))
    totals[device] = totals.get(device, 0) + reading["kwh"]
    total = {"device": device, "kwh": totals[device]}
    client.publish(f"{env('TOTALS')}/{device}", json.dumps(total), qos=1)


# 4  All meters, at QoS 1.
def on_connect(client, userdata, flags, rc):
    client.subscribe(f"{env('METERS')}/+/energy", qos=1)


client.on_connect = on_connect
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()
wait_for_stop()
client.disconnect()
client.loop_stop()
