import os

from mqttkit import env, make_client, on_stop

JOBS_TOPIC = env("JOBS_TOPIC")
DONE_TOPIC = env("DONE_TOPIC")


# 3  Subscribe when the broker has no session of yours.
#    TODO 3: which QoS makes a mailbox? When does CONNACK say that you must subscribe again?
def on_connect(client, userdata, flags, rc):
    print(f"session present: {flags['session present']}; not subscribed to {JOBS_TOPIC}")


# 2  Listen before the connection is up: waiting jobs come right behind CONNACK.
#    TODO 2: for each job {"id":…}, publish {"done":…} on DONE_TOPIC with QoS 1,
#            before the library acknowledges the job
def on_message(client, userdata, message):
    print(f"{len(message.payload)} bytes on {message.topic}; nothing goes out on {DONE_TOPIC} yet")


# 1  Come back under the same name, and ask the broker to keep the session.
#    TODO 1: two arguments of make_client: client_id and clean_session;
#            the name is in MQTT_CLIENT_ID
client = make_client()
client.on_connect = on_connect
client.on_message = on_message
client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))

# 4  Leave, and keep the session.
#    TODO 4: which packet says goodbye, and which one would cancel the mailbox?
on_stop(lambda: os._exit(0))
client.loop_forever()
