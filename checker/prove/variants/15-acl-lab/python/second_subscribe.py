# Delivered at QoS 0, and a second SUBSCRIBE as the fence.
import json
import os
import sys
import threading
import uuid

from mqttkit import env, make_client


class CannotTell(Exception):
    pass


# 1  A connection of its own for each test: a broker that hangs up spoils nothing else.
#    Without a client identifier of ours the library makes one up, a new one each time.
class Line:
    def __init__(self, user):
        self.heard = set()
        self.code = None
        self.granted = None
        # Each is set when its answer came, or when the broker hung up: no wait is for ever.
        self.connected = threading.Event()
        self.subscribed = threading.Event()
        self.published = threading.Event()
        self.unsubscribed = threading.Event()
        self.client = make_client()
        self.client.username_pw_set(user, env(f"{user.upper()}_PASSWORD"))
        self.client.on_connect = self.on_connect
        self.client.on_subscribe = self.on_subscribe
        self.client.on_publish = lambda *_: self.published.set()
        self.client.on_unsubscribe = lambda *_: self.unsubscribed.set()
        self.client.on_disconnect = self.on_disconnect
        self.client.on_message = lambda client, userdata, message: self.heard.add(message.topic)
        self.client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
        self.client.loop_start()
        if not self.connected.wait(3) or self.code != 0:
            raise CannotTell(f"{user} does not get in")

    def on_connect(self, client, userdata, flags, rc):
        self.code = rc
        self.connected.set()

    def on_subscribe(self, client, userdata, mid, granted_qos):
        self.granted = 128 not in granted_qos
        self.subscribed.set()

    def on_disconnect(self, client, userdata, rc):
        client.disconnect()
        for event in (self.connected, self.subscribed, self.published, self.unsubscribed):
            event.set()

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


# 2  Does what one user publishes reach the other? Only a delivery counts.
def reaches(sender_name, reader_name):
    topic = f"home/sensors/probe/{uuid.uuid4()}"
    sender, reader = Line(sender_name), Line(reader_name)
    # SUBACK first: who publishes earlier speaks to nobody. A refused filter (0x80) is an answer.
    reader.client.subscribe("home/#")
    reader.subscribed.wait(3)
    # PUBACK, or the end of the connection: the broker is done with the message.
    sender.client.publish(topic, "probe", qos=1)
    sender.published.wait(3)
    # What the broker has for us is on its way before this answer.
    if reader.granted:
        reader.subscribed.clear()
        reader.client.subscribe("home/fence")
        reader.subscribed.wait(3)
    sender.end()
    reader.end()
    return topic in reader.heard


try:
    # 3  The positive control: silence means nothing before something was heard.
    if not reaches("tester", "tester"):
        raise CannotTell("the tester does not hear itself")

    # 4  The four claims.
    result = {
        "sensorCanPublish": reaches("sensor", "tester"),
        "sensorCannotReceive": not reaches("tester", "sensor"),
        "dashboardCanReceive": reaches("tester", "dashboard"),
        "dashboardCannotPublish": not reaches("dashboard", "tester"),
    }
except (CannotTell, OSError) as error:
    print("cannot tell:", error, file=sys.stderr)
    os._exit(4)

with open(env("RESULT_FILE"), "w", encoding="utf-8") as file:
    json.dump(result, file)
print(result)
sys.exit(0 if all(result.values()) else 1)
