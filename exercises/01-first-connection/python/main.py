import os
import sys

from mqttkit import env, make_client, on_stop


# 2  Prove it: CONNACK is the broker's answer.
def on_connect(client, userdata, flags, rc):
    print(f"CONNACK with return code {rc}")
    # 3  Take no for an answer: a refusal ends the program with exit code 1.
    #    TODO 2: when rc is not 0, print it, then os._exit(1)


# 1  Connect: under the name you were given, with the keep-alive you were given.
#    TODO 1: the name is env("MQTT_CLIENT_ID"), an argument of make_client;
#            the keep-alive is int(env("MQTT_KEEPALIVE")), the argument keepalive= of connect.
client = make_client()
client.on_connect = on_connect
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))


# 4  Leave: say goodbye when you are asked to stop.
def stop():
    print("asked to stop")
    #  TODO 3: disconnect the client. loop_forever() below then returns by itself.


on_stop(stop)
client.loop_forever()
