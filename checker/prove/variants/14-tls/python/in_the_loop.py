# The dialling is left to the loop; the input is read in a thread.
import json
import os
import threading

from mqttkit import env, make_client, readings

client = make_client()
client.tls_set(env("MQTT_CA_FILE"))
client.username_pw_set(env("MQTT_USERNAME"), env("MQTT_PASSWORD"))


def speak():
    told = [client.publish(env("TOPIC"), json.dumps(one), qos=1) for one in readings()]
    for one in told:
        one.wait_for_publish()
    client.disconnect()


client.connect_async(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.on_connect = lambda *_: threading.Thread(target=speak).start()
try:
    client.loop_forever(retry_first_connection=False)
except OSError as error:
    print(error)
    os._exit(3)
