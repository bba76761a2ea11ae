import json

from mqttkit import env, make_client, readings

IS_PUBLIC = env("PUBLIC_BROKER") == "1"


# 2  What the broker says in CONNACK when it does not want you.
def on_connect(client, userdata, flags, rc):
    #  TODO 2: a wrong login (4, 5): os._exit(2), at once
    #  TODO 3: not available (3): the client must go on trying
    print(f"CONNACK {rc}")


# 1  Who are you, here and in public?
client = make_client()
client.on_connect = on_connect
#  TODO 1: the login of this broker (and none for somebody else's)
client.username_pw_set("admin", "admin")
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()

# 3  What you tell, and to whom.
for reading in readings():
    #  TODO 4: at home the reading on TOPIC, as JSON, with QoS 1
    #  TODO 5: in public a made-up one, below PUBLIC_PREFIX
    print(f"{reading['temp']} degrees; public: {IS_PUBLIC}", json.dumps(reading))

# 4  No more input.
#    TODO 6: wait for the PUBACK of each reading first
client.disconnect()
client.loop_stop()

# TODO 7: mosquitto.conf and passwd in this folder
