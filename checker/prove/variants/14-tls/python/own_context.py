# A context of its own, the least version raised, and an exit through an exception.
import json
import ssl

from mqttkit import env, make_client, readings

context = ssl.create_default_context(cafile=env("MQTT_CA_FILE"))
context.minimum_version = ssl.TLSVersion.TLSv1_2
client = make_client(client_id="attic")
client.tls_set_context(context)
client.username_pw_set(env("MQTT_USERNAME"), env("MQTT_PASSWORD"))
try:
    client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), keepalive=20)
except Exception as error:
    raise SystemExit(3) from error
client.loop_start()
for reading in readings():
    client.publish(env("TOPIC"), json.dumps({**reading, "place": "attic"}), qos=1).wait_for_publish()
client.disconnect()
client.loop_stop()
