# mistake: retries-certificate
# fails: T8
# A wrong certificate is weather.
import json
import sys
import time

from mqttkit import env, make_client, readings

# 1  Whom to trust: the authority in the file, and nobody else.
client = make_client()
client.tls_set(ca_certs=env("MQTT_CA_FILE"))
client.username_pw_set(env("MQTT_USERNAME"), env("MQTT_PASSWORD"))

# 2  No connection to the right server: no connection at all.
while True:
    try:
        client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
        break
    except OSError as error:
        print(f"not yet: {error}", file=sys.stderr)
        time.sleep(0.3)
client.loop_start()

# 3  The reading.
for reading in readings():
    client.publish(env("TOPIC"), json.dumps(reading), qos=1)

client.disconnect()
client.loop_stop()
