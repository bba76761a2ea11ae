import json

from mqttkit import env, make_client, readings

# 1  A name, and clean_session=False: both sides remember unfinished handshakes. (This part is done.)
client = make_client(client_id=env("MQTT_CLIENT_ID"), clean_session=False)
client.reconnect_delay_set(min_delay=0.2)

# 2  One topic and one QoS for each kind: what does a lost message cost, what does a second one?
WAYS = {
    "telemetry": (env("TELEMETRY_TOPIC"), 0),
    #  TODO 1: heartbeat, billing, and the QoS of all three
}

# 3  Probes: at which QoS does a message reach us?
#  TODO 4: ask for PROBE_TOPIC at QoS 2, and report each probe on REPORT_TOPIC

client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
client.loop_start()

# 4  Publish each line when it comes; keep what tells you that it has been acknowledged.
for line in readings():
    #  TODO 2: publish the line, as JSON, on the topic and at the QoS of its kind
    print(f"{line['kind']} {line['seq']}: not published yet ({len(WAYS)} of 3 kinds known)")

# 5  Leave when everything has been acknowledged.
#  TODO 3: wait until all messages of part 4 are acknowledged (on_publish tells); then say goodbye
client.disconnect()
client.loop_stop()
