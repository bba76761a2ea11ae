import json

from mqttkit import env, make_client, readings

# 1  Whom to trust.
#    TODO 1: the certificate of the authority is in the file MQTT_CA_FILE
#    TODO 2: the login, as in lesson 13
client = make_client()

# 2  What to do when the server is not the right one.
#    TODO 3: connect raises an exception; then sys.exit(3), and nothing is sent
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()

# 3  The reading.
for reading in readings():
    #  TODO 4: publish it on TOPIC as JSON, with QoS 1
    print(json.dumps(reading))

# 4  No more input.
#    TODO 5: wait for the PUBACK of each reading first
client.disconnect()
client.loop_stop()

# TODO 6: mosquitto.conf in this folder
