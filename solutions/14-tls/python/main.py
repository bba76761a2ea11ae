import json
import sys
import threading

from mqttkit import env, make_client, readings

# 1  Whom to trust: the authority in the file, and nobody else.
acknowledged = threading.Semaphore(0)
client = make_client()
client.on_publish = lambda client, userdata, mid: acknowledged.release()
client.tls_set(ca_certs=env("MQTT_CA_FILE"))
client.username_pw_set(env("MQTT_USERNAME"), env("MQTT_PASSWORD"))

# 2  No connection to the right server: no connection at all.
try:
    client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
except OSError as error:
    print(f"not the right server: {error}", file=sys.stderr)
    sys.exit(3)
client.loop_start()

# 3  The reading.
count = 0
for count, reading in enumerate(readings(), start=1):
    client.publish(env("TOPIC"), json.dumps(reading), qos=1)

# 4  No more input: each PUBACK first, then goodbye.
for _ in range(count):
    acknowledged.acquire()
client.disconnect()
client.loop_stop()
